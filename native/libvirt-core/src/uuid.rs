//! libvirt's 16-byte UUIDs in their canonical text form.

use std::fmt;
use std::str::FromStr;

use crate::error::{Code, Error};

/// A UUID as libvirt keys its objects.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uuid(pub [u8; 16]);

impl FromStr for Uuid {
    type Err = Error;

    /// Reads `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` (hyphens optional, either case).
    fn from_str(text: &str) -> Result<Self, Error> {
        let mut bytes = [0u8; 16];
        let mut digits = 0usize;
        for c in text.bytes().filter(|c| *c != b'-') {
            let value = match c {
                b'0'..=b'9' => c - b'0',
                b'a'..=b'f' => c - b'a' + 10,
                b'A'..=b'F' => c - b'A' + 10,
                _ => return Err(malformed(text)),
            };
            let Some(byte) = bytes.get_mut(digits / 2) else { return Err(malformed(text)) };
            *byte = (*byte << 4) | value;
            digits += 1;
        }
        if digits == 32 { Ok(Self(bytes)) } else { Err(malformed(text)) }
    }
}

fn malformed(text: &str) -> Error {
    Error::own(Code::InvalidArg, "parseUuid", "not a UUID").about(text.chars().take(64).collect::<String>())
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b'-'; 36];
        let mut at = 0;
        for (i, byte) in self.0.iter().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                at += 1;
            }
            text[at] = DIGITS[usize::from(byte >> 4)];
            text[at + 1] = DIGITS[usize::from(byte & 15)];
            at += 2;
        }
        f.pad(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn malformed_text_is_an_invalid_arg() {
        for text in ["", "zz", "123", "00000000-0000-0000-0000-0000000000001", "é"] {
            assert_eq!(text.parse::<Uuid>().map_err(|e| e.code), Err(Code::InvalidArg), "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_and_bytes_are_the_same_uuid(bytes in any::<[u8; 16]>()) {
            let uuid = Uuid(bytes);
            prop_assert_eq!(uuid.to_string().parse::<Uuid>(), Ok(uuid));
        }
    }
}
