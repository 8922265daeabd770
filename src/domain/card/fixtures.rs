//! Cards in the form in which phones and address books write them; names and numbers are invented.

/// As an iPhone exports: groups with labels, repeated TYPE, vendor properties, a folded photo, CRLF.
pub(super) const IOS: &[u8] = b"BEGIN:VCARD\r\n\
VERSION:3.0\r\n\
PRODID:-//Apple Inc.//iPhone OS 18.1//EN\r\n\
N:O'Neil;Ros\xC3\xA9;Ann;Dr.;\r\n\
FN:Dr. Ros\xC3\xA9 Ann O'Neil\r\n\
NICKNAME:Rosie\r\n\
ORG:Neil\\, Sons & Co.;Sales;\r\n\
EMAIL;type=INTERNET;type=HOME;type=pref:Rose@Example.com\r\n\
TEL;type=CELL;type=VOICE;type=pref:+1 (415) 555-2671\r\n\
item1.TEL:+44 20 7946 0018\r\n\
item1.X-ABLabel:_$!<School>!$_\r\n\
item2.ADR;type=HOME;type=pref:;;1 Main St\\nApt 2;Springfield;IL;62701;United States\r\n\
item2.X-ABADR:us\r\n\
item3.X-ABDATE;type=pref:2015-06-20\r\n\
item3.X-ABLabel:_$!<Anniversary>!$_\r\n\
NOTE:likes\\, semicolons\\; and \\\\ backslashes\\nand long lines that go past the\r\n  seventy-fifth octet of the line\r\n\
X-SOCIALPROFILE;type=twitter;x-user=rosie:http://twitter.example/rosie\r\n\
PHOTO;ENCODING=b;TYPE=JPEG;X-ABCROP-RECTANGLE=ABClipRect_1&0&0&10&10&abc==:/9j/4AAQSkZJRgABAQAAAQABAAD/\r\n 2wBDAAMCAgMCAgMDAwMEAwMEBQgF\r\n\
X-ABUID:5AD380FD-B2DE-4261-BA99-DE1D1DB52FBE\\:ABPerson\r\n\
UID:4c3a9ad0-0b0c-4c8d-93c4-6f0a9b2d6f11\r\n\
END:VCARD\r\n";

/// As Android exports: version 2.1, bare types, quoted-printable with soft line ends, base64 ended by a blank line, LF.
pub(super) const ANDROID: &[u8] = b"BEGIN:VCARD\n\
VERSION:2.1\n\
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E7=8E=8B;=E5=B0=8F=E6=98=8E;;;\n\
FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E7=8E=8B=E5=B0=8F=\n\
=E6=98=8E\n\
X-ANDROID-CUSTOM:vnd.android.cursor.item/nickname;Ming;1;;;;;;;;;;;;;\n\
TEL;CELL;PREF:+8613800138000\n\
TEL;WORK;FAX:+86 10 6552 9988\n\
EMAIL;HOME:ming@example.cn\n\
ORG:Widgets \\; Co;R&D\n\
NOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:line one=0D=0A=\n\
line two; still two\n\
PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMD\n AwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsN\n\n\
END:VCARD\n";

/// Version 4.0 with all that 3.0 has no word for.
pub(super) const FOUR: &[u8] = b"BEGIN:VCARD\r\n\
VERSION:4.0\r\n\
KIND:individual\r\n\
UID:urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1\r\n\
FN;PID=1.1:J. Doe\r\n\
N:Doe;J.;;;\r\n\
LANG;PREF=2:en\r\n\
LANG;PREF=1:fr-CA\r\n\
BDAY:--0203\r\n\
ANNIVERSARY:20090808\r\n\
GENDER:F\r\n\
TEL;VALUE=uri;PREF=1;TYPE=\"voice,home\":tel:+1-418-656-9254;ext=102\r\n\
TEL;TYPE=cell:+1 418 262 6501\r\n\
EMAIL;PID=4.1,5.2:jdoe@example.com\r\n\
RELATED;TYPE=friend;VALUE=text:Bob Lee\r\n\
SOCIALPROFILE;SERVICE-TYPE=Mastodon:https://social.example/@jdoe\r\n\
GEO:geo:46.772673,-71.282945\r\n\
PHOTO:data:image/jpeg;base64,/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMD\r\n\
CLIENTPIDMAP:1;urn:uuid:53e374d9-337e-4727-8803-a1e9c14e0556\r\n\
X-Unknown;X-P=\"a:b;c\":kept\r\n\
END:VCARD\r\n";
