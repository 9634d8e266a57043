//! The domain's closed sets on the wire: a string, with every spelling in the contract.

use std::borrow::Cow;

use domain::code::Code;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

/// How the refusal of a value begins that is not of its set.
const ONLY: &str = "只能是 ";

/// Whether this is the refusal of a value that is not of its set.
pub fn is_unknown(refusal: &str) -> bool {
    refusal.starts_with(ONLY)
}

/// A value of a closed set. In a view give it an alias, `type StateCode = Coded<State>`: the derive of `ToSchema`
/// wants a schema of every generic argument it can see, and the domain has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Coded<T>(pub T);

impl<T: Code> Serialize for Coded<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.code())
    }
}

impl<'de, T: Code> Deserialize<'de> for Coded<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        T::from_code(&text).map(Self).ok_or_else(|| {
            let known: Vec<_> = T::ALL.iter().map(|value| value.code()).collect();
            de::Error::custom(format!("{ONLY}{} 之一", known.join("、")))
        })
    }
}

impl<T: Code> PartialSchema for Coded<T> {
    fn schema() -> RefOr<Schema> {
        let meanings: Vec<_> = T::ALL.iter().map(|value| format!("{}={}", value.code(), value.label())).collect();
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .enum_values(Some(T::ALL.iter().map(|value| value.code())))
            .description(Some(meanings.join("，")))
            .into()
    }
}

impl<T: Code> ToSchema for Coded<T> {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed(T::NAME)
    }
}

/// Whom a session is for.
pub type AudienceCode = Coded<domain::session::Audience>;
