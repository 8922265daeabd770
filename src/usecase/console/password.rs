//! Passwords of operators: only their Argon2id hash is kept (RFC 9106).

use crate::clock::Random;
use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString},
};

/// Not what [`hash_password`] gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a password's hash begins with $argon2id$; `redial operator-password` makes one")]
pub struct NotAHash;

/// The hash of a password, to stand in the configuration.
///
/// # Panics
/// Never: sixteen bytes are a salt, and any password has a hash.
pub fn hash_password(password: &str, random: &dyn Random) -> String {
    let salt = SaltString::encode_b64(&random.bits().to_be_bytes()).expect("sixteen bytes are a salt");
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
    hash.expect("any password has a hash").to_string()
}

/// Whether this could be a hash.
pub(super) fn check(hash: &str) -> Result<(), NotAHash> {
    match PasswordHash::new(hash) {
        Ok(hash) if hash.algorithm.as_str() == "argon2id" && hash.hash.is_some() => Ok(()),
        _ => Err(NotAHash),
    }
}

/// Whether the password has this hash. Takes as long as Argon2 does: some 50 ms and 19 MiB.
pub(super) fn matches(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SeededRandom;

    #[test]
    fn only_the_password_matches_its_hash() {
        let random = SeededRandom::new(1);
        let (one, two) = (hash_password("correct horse", &random), hash_password("correct horse", &random));
        assert_ne!(one, two, "salted");
        assert!(matches("correct horse", &one) && matches("correct horse", &two));
        assert!(!matches("correct horsf", &one) && !matches("", &one) && !matches("correct horse", "correct horse"));
        assert_eq!(check(&one), Ok(()));
        assert_eq!((check("secret"), check("$argon2id$v=19")), (Err(NotAHash), Err(NotAHash)));
    }
}
