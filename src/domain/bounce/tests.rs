use super::*;

fn report(status: &str, action: &str, more: &str) -> String {
    format!(
        "Return-Path: <>\r\nDelivered-To: bounces+ntc_x-1@example.com\r\nFrom: MAILER-DAEMON@mx.example.org\r\n\
         To: bounces+ntc_x-1@example.com\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"=_b/1\"\r\n\r\n\
         This is a MIME message.\r\n--=_b/1\r\nContent-Type: text/plain\r\n\r\nI am sorry.\r\n\r\n\
         --=_b/1\r\nContent-Description: Delivery report\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example.org\r\nArrival-Date: Mon, 23 Nov 2026 11:00:00 +0000\r\n\r\n\
         Final-Recipient: rfc822; bo@example.org\r\nOriginal-Recipient: rfc822;Bo@example.org\r\nAction: {action}\r\n\
         Status: {status}\r\n{more}\r\n\
         --=_b/1\r\nContent-Type: message/rfc822\r\n\r\nFrom: notices@example.com\r\nMessage-ID:\r\n <ntc_x-aabb@example.com>\r\n\
         Subject: new number\r\n\r\nHello\r\n\r\n--=_b/1--\r\n"
    )
}

#[test]
fn n6_a_report_is_read() {
    let mail =
        report("5.1.1", "failed", "Diagnostic-Code: smtp; 550 5.1.1 <bo@example.org>: no such\r\n\tuser here\r\n");
    let code = Some(Code(5, 1, 1));
    let expected = Returned {
        to: vec!["bounces+ntc_x-1@example.com".into(), "bounces+ntc_x-1@example.com".into()],
        message_id: Some("ntc_x-aabb@example.com".into()),
        fates: vec![Fate { recipient: "Bo@example.org".into(), action: Action::Failed, code }],
        complaint: None,
    };
    assert_eq!(read(mail.as_bytes()), Some(expected.clone()));
    assert_eq!(read(mail.replace("\r\n", "\n").as_bytes()), Some(expected));
}

#[test]
fn n6_codes_are_read_where_they_stand() {
    for (rule, status, more, code) in [
        ("as it should be", "5.2.2", "", Some(Code(5, 2, 2))),
        ("with words behind it", "4.4.1 (no answer)", "", Some(Code(4, 4, 1))),
        (
            "the class alone, the rest in the far end's words",
            "5.0.0",
            "Diagnostic-Code: smtp; 550-5.1.1 no 5.1.1 x\r\n",
            Some(Code(5, 1, 1)),
        ),
        (
            "another class in its words counts for nothing",
            "5.0.0",
            "Diagnostic-Code: smtp; 450 4.2.0 later\r\n",
            Some(Code(5, 0, 0)),
        ),
        ("none", "what?", "", None),
        ("none, but in its words", "", "Diagnostic-Code: smtp; 550 5.7.1 refused\r\n", Some(Code(5, 7, 1))),
    ] {
        let found = read(report(status, "failed", more).as_bytes()).unwrap();
        assert_eq!(found.fates[0].code, code, "{rule}");
    }
}

#[test]
fn n6_what_follows_from_a_code() {
    use Action::{Delayed, Delivered, Failed, Relayed};
    for (action, code, expected) in [
        (Failed, "5.1.1", Verdict::Dead),
        (Failed, "5.1.2", Verdict::Dead),
        (Failed, "5.1.3", Verdict::Dead),
        (Failed, "5.1.6", Verdict::Dead),
        (Failed, "5.1.10", Verdict::Dead),
        (Failed, "5.1.7", Verdict::Ours),
        (Failed, "5.1.8", Verdict::Ours),
        (Failed, "5.2.1", Verdict::Never),
        (Failed, "5.2.2", Verdict::Soft),
        (Failed, "5.2.3", Verdict::Never),
        (Failed, "5.4.4", Verdict::Never),
        (Failed, "5.7.1", Verdict::Ours),
        (Failed, "5.7.515", Verdict::Ours),
        (Failed, "4.2.2", Verdict::Soft),
        (Failed, "4.4.7", Verdict::Soft),
        (Failed, "5.0.0", Verdict::Never),
        (Failed, "", Verdict::Soft),
        (Delayed, "5.1.1", Verdict::OnItsWay),
        (Delayed, "4.4.1", Verdict::OnItsWay),
        (Relayed, "2.0.0", Verdict::OnItsWay),
        (Delivered, "2.1.5", Verdict::Delivered),
    ] {
        assert_eq!(verdict(action, Code::read(code)), expected, "{action:?} {code}");
    }
    for wrong in ["", "5", "5.1", "5.1.1.1", "3.1.1", "5.1.x", "55.1.1", "5.1.1111", "x"] {
        assert_eq!(Code::read(wrong), None, "{wrong}");
    }
}

#[test]
fn n6_a_complaint_is_read() {
    let mail = "To: bounces+ntc_x-1@example.com\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n\
                --b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: x\n\
                Original-Rcpt-To: <bo@example.org>\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <m@x>\n\n--b--\n";
    let found = read(mail.as_bytes()).unwrap();
    assert_eq!((found.complaint.as_deref(), found.message_id.as_deref()), (Some("bo@example.org"), Some("m@x")));
    let other = read(mail.replace("abuse", "not-spam").as_bytes()).unwrap();
    assert_eq!(other.complaint, None);
}

#[test]
fn n6_what_is_no_report_is_none() {
    let huge = format!("{}{}", report("5.1.1", "failed", ""), " ".repeat(LARGEST));
    for mail in [
        "",
        "\n",
        "Hello",
        "Subject: x\n\nhello",
        "Content-Type: multipart/report\n\nx",
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n",
        &huge,
    ] {
        assert_eq!(read(mail.as_bytes()), None);
    }
    let cut = report("5.1.1", "failed", "");
    let whole = read(cut.as_bytes()).unwrap();
    let at = cut.find("Message-ID").unwrap();
    assert_eq!(read(&cut.as_bytes()[..at]).unwrap().fates, whole.fates, "the returned mail may be cut off");
    let odd = cut.replace("Action: failed", "Action: exploded");
    assert_eq!(read(odd.as_bytes()).unwrap().fates, []);
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        let _no_panic = read(&bytes);
    }

    /// A report with anything put in or cut out anywhere is read or refused.
    #[test]
    fn any_damage_is_borne(at in 0_usize..1_200, gone in 0_usize..200, put in ".{0,60}") {
        let mail = report("5.1.1", "failed", "");
        let at = at.min(mail.len());
        let end = (at + gone).min(mail.len());
        let damaged = [&mail.as_bytes()[..at], put.as_bytes(), &mail.as_bytes()[end..]].concat();
        if let Some(found) = read(&damaged) {
            proptest::prop_assert!(found.fates.len() <= MOST_FATES);
        }
    }

    #[test]
    fn codes_read_back(class in proptest::sample::select(vec![2_u8, 4, 5]), subject in 0_u16..1_000, detail in 0_u16..1_000, words in "( [a-z ]{0,20})?") {
        let code = Code(class, subject, detail);
        proptest::prop_assert_eq!(Code::read(&format!("{code}{words}")), Some(code));
    }
}
