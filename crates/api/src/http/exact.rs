//! Values on the wire that are hashed or signed as they stand: times to the microsecond, hashes in hex, signatures in
//! base64, each with one spelling only.

use std::borrow::Cow;

use chrono::{DateTime, SubsecRound};
use data_encoding::{BASE64, HEXLOWER};
use domain::points::chain::Hash;
use domain::time::{Instant, beijing};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

/// An instant to the microsecond, written as `2026-11-24T09:30:00.000001+08:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExactTime(pub Instant);

/// A SHA-256 hash in lower-case hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HexHash(pub Hash);

/// Bytes in base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base64Bytes(pub Vec<u8>);

impl ExactTime {
    fn spelled(self) -> String {
        self.0.with_timezone(&beijing()).format("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string()
    }

    fn read(text: &str) -> Option<Self> {
        let at = Self(DateTime::parse_from_rfc3339(text).ok()?.to_utc());
        (at.0 == at.0.trunc_subsecs(6) && at.spelled() == text).then_some(at)
    }
}

impl HexHash {
    fn read(text: &str) -> Option<Self> {
        Some(Self(HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()?))
    }

    /// Reads a hash in hex, in whichever case.
    pub fn from_hex(text: &str) -> Option<Self> {
        Self::read(&text.to_ascii_lowercase())
    }
}

impl Base64Bytes {
    fn read(text: &str) -> Option<Self> {
        Some(Self(BASE64.decode(text.as_bytes()).ok()?))
    }
}

macro_rules! on_the_wire {
    ($name:ident, $write:expr, $wanted:literal, $schema:expr) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&$write(self))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                Self::read(&text).ok_or_else(|| de::Error::custom($wanted))
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let schema: ObjectBuilder = $schema;
                schema.schema_type(SchemaType::Type(Type::String)).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    };
}

on_the_wire!(
    ExactTime,
    |at: &Self| at.spelled(),
    "应为精确到微秒的北京时间",
    ObjectBuilder::new()
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .description(Some("精确到微秒"))
        .examples([serde_json::json!("2026-11-24T09:30:00.000000+08:00")])
);
on_the_wire!(
    HexHash,
    |hash: &Self| HEXLOWER.encode(&hash.0),
    "应为 64 位小写十六进制数",
    ObjectBuilder::new()
        .pattern(Some("^[0-9a-f]{64}$"))
        .description(Some("SHA-256，十六进制"))
        .examples([serde_json::json!("d67e119d8a7f22269488469d85e0544303a52f08b65208acf146514b608a2708")])
);
on_the_wire!(
    Base64Bytes,
    |bytes: &Self| BASE64.encode(&bytes.0),
    "应为 base64",
    ObjectBuilder::new()
        .description(Some("base64"))
        .examples([serde_json::json!("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")])
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_one_spelling() {
        let time = "2026-11-24T09:30:00.000001+08:00";
        assert_eq!(ExactTime::read(time).map(ExactTime::spelled).as_deref(), Some(time));
        for other in ["2026-11-24T01:30:00.000001Z", "2026-11-24T09:30:00.0000011+08:00", "2026-11-24T09:30:00+08:00"] {
            assert_eq!(ExactTime::read(other), None, "{other}");
        }
        let hash = "0a".repeat(32);
        assert_eq!(HexHash::read(&hash), Some(HexHash([10; 32])));
        assert_eq!((HexHash::read(&hash.to_uppercase()), HexHash::read("0a")), (None, None));
        assert_eq!(HexHash::from_hex(&hash.to_uppercase()), Some(HexHash([10; 32])));
        assert_eq!(Base64Bytes::read("AQ=="), Some(Base64Bytes(vec![1])));
        assert_eq!(Base64Bytes::read("AR=="), None);
    }
}
