//! Times on the wire: RFC 3339 with Beijing's offset.

use std::borrow::Cow;

use domain::time::{Instant, beijing};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

/// An instant, written as `2026-11-24T09:30:00+08:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BeijingTime(pub Instant);

impl From<Instant> for BeijingTime {
    fn from(at: Instant) -> Self {
        Self(at)
    }
}

impl Serialize for BeijingTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.with_timezone(&beijing()).format("%Y-%m-%dT%H:%M:%S%:z"))
    }
}

impl<'de> Deserialize<'de> for BeijingTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let at = chrono::DateTime::parse_from_rfc3339(&text);
        at.map(|at| Self(at.to_utc())).map_err(|_| de::Error::custom("应为带时区的时间，如 2026-11-24T09:30:00+08:00"))
    }
}

impl PartialSchema for BeijingTime {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .examples([serde_json::json!("2026-11-24T09:30:00+08:00")])
            .into()
    }
}

impl ToSchema for BeijingTime {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("BeijingTime")
    }
}
