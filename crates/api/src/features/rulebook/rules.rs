//! The rules on the wire: their JSON, with a contract that is made of the domain's table of fields.

use std::borrow::Cow;
use std::fmt;

use domain::code::Code;
use domain::points::Rulebook;
use domain::points::rulebook::{ExpiryMode, FIELDS, Field, FieldKind, SECTIONS};
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ArrayBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::error::{ApiError, ApiResult};
use crate::http::json;

/// Whole rules.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Rules(pub Rulebook);

/// Some fields of the rules; the others stay as they are.
#[derive(Debug)]
pub(super) struct RulesChange(Value);

impl RulesChange {
    /// The rules with these fields changed; a field that is none, or of another kind, is named.
    pub(super) fn apply(self, rules: &Rulebook) -> ApiResult<Rulebook> {
        let mut value = serde_json::to_value(rules).map_err(ApiError::internal)?;
        merge(&mut value, self.0);
        json::from_value(value, "rules")
    }
}

fn merge(into: &mut Value, change: Value) {
    match (into, change) {
        (Value::Object(into), Value::Object(change)) => {
            for (name, change) in change {
                merge(into.entry(name).or_insert(Value::Null), change);
            }
        }
        (into, change) => *into = change,
    }
}

impl<'de> Deserialize<'de> for RulesChange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Tree::deserialize(deserializer).map(|tree| Self(tree.0))
    }
}

/// JSON in which no name stands twice.
struct Tree(Value);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(Tree(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree(list.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Tree, A::Error> {
        let mut object = Map::new();
        while let Some((name, Tree(value))) = fields.next_entry::<String, Tree>()? {
            if object.contains_key(&name) {
                return Err(de::Error::custom(format!("duplicate field `{name}`")));
            }
            object.insert(name, value);
        }
        Ok(Tree(object.into()))
    }
}

impl PartialSchema for Rules {
    fn schema() -> RefOr<Schema> {
        let rules = serde_json::to_value(Rulebook::default_rules()).unwrap_or_default();
        rules_schema(true).description(Some("积分规则的全部条款")).examples([rules]).into()
    }
}

impl ToSchema for Rules {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Rules")
    }
}

impl PartialSchema for RulesChange {
    fn schema() -> RefOr<Schema> {
        let example = json!({ "earning": { "day_cap": 80 }, "calendar": { "night_from": 22, "night_until": 6 } });
        rules_schema(false).description(Some("要修改的条款，没有写的不变")).examples([example]).into()
    }
}

impl ToSchema for RulesChange {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("RulesChange")
    }
}

/// The rules section by section. Of whole rules every field is there.
fn rules_schema(whole: bool) -> ObjectBuilder {
    let mut rules = ObjectBuilder::new();
    for (section, label) in SECTIONS {
        let mut fields = ObjectBuilder::new().description(Some(*label));
        for field in FIELDS {
            let Some(name) = field.name.strip_prefix(section).and_then(|rest| rest.strip_prefix('.')) else { continue };
            fields = fields.property(name, field_schema(field));
            fields = if whole { fields.required(name) } else { fields };
        }
        rules = rules.property(*section, fields);
        rules = if whole { rules.required(*section) } else { rules };
    }
    rules
}

fn field_schema(field: &Field) -> RefOr<Schema> {
    let example = field
        .name
        .split('.')
        .fold(serde_json::to_value(Rulebook::default_rules()).unwrap_or_default(), |value, name| {
            value.get(name).cloned().unwrap_or_default()
        });
    let plain = |kind| ObjectBuilder::new().schema_type(SchemaType::Type(kind));
    let integer = |range: &std::ops::RangeInclusive<i64>| {
        plain(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(*range.start()))
            .maximum(Some(*range.end()))
    };
    let label = field.described();
    match &field.kind {
        FieldKind::Number(_, range, _) => integer(range).description(Some(label)).examples([example]).into(),
        FieldKind::Flag(_) => plain(Type::Boolean).description(Some(label)).examples([example]).into(),
        FieldKind::Expiry(_) => {
            let meanings = ExpiryMode::ALL.iter().map(|mode| format!("{}={}", mode.code(), mode.label()));
            let label = format!("{label}：{}", meanings.collect::<Vec<_>>().join("，"));
            let codes = ExpiryMode::ALL.iter().map(|mode| mode.code());
            plain(Type::String).enum_values(Some(codes)).description(Some(label)).examples([example]).into()
        }
        FieldKind::Numbers(_, range, _) => {
            ArrayBuilder::new().items(integer(range)).description(Some(label)).examples([example]).into()
        }
        FieldKind::Days(_) => {
            let day = plain(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)));
            let days = day.examples([json!("2027-01-01")]);
            ArrayBuilder::new().items(days).description(Some(label)).examples([json!(["2027-01-01"])]).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(text: &str) -> ApiResult<Rulebook> {
        let change: RulesChange = serde_json::from_str(text).expect("a change");
        change.apply(&Rulebook::default_rules())
    }

    #[test]
    fn the_table_of_fields_names_every_field_of_the_json_and_no_other() {
        let rules = serde_json::to_value(Rulebook::default_rules()).expect("the rules");
        let mut stored = Vec::new();
        for (section, fields) in rules.as_object().expect("sections") {
            stored.extend(fields.as_object().expect("fields").keys().map(|name| format!("{section}.{name}")));
        }
        let mut known: Vec<_> = FIELDS.iter().map(|field| field.name.to_owned()).collect();
        stored.sort();
        known.sort();
        assert_eq!(stored, known);
        let mut sections: Vec<_> = SECTIONS.iter().map(|(section, _)| *section).collect();
        sections.sort_unstable();
        assert_eq!(sections, rules.as_object().expect("sections").keys().collect::<Vec<_>>());
    }

    #[test]
    fn a_version_that_was_stored_before_a_section_was_known_has_its_defaults() {
        let old = r#"{ "earning": { "points_per_half_hour": 6 }, "events": { "first_residency": 30 } }"#;
        let read: Rulebook = serde_json::from_str(old).expect("the rules");
        let mut expected = Rulebook::default_rules();
        expected.earning.points_per_half_hour = 6;
        expected.events.first_residency = 30;
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_not_written_stays() -> ApiResult<()> {
        let changed = change(r#"{ "earning": { "day_cap": 80 }, "calendar": { "holidays": ["2027-01-01"] } }"#)?;
        let told: Vec<_> = changed.changes_from(&Rulebook::default_rules()).iter().map(|c| c.field).collect();
        assert_eq!(told, ["earning.day_cap", "calendar.holidays"]);
        assert_eq!(change("{}")?, Rulebook::default_rules());
        Ok(())
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (text, field) in [
            (r#"{ "earning": { "day_cap": "80" } }"#, "rules.earning.day_cap"),
            (r#"{ "earning": { "day_cap": null } }"#, "rules.earning.day_cap"),
            (r#"{ "earning": { "day_cup": 80 } }"#, "rules.earning.day_cup"),
            (r#"{ "earnings": {} }"#, "rules.earnings"),
            (r#"{ "expiry": { "mode": "soon" } }"#, "rules.expiry.mode"),
            (r#"{ "record": { "publicity_days": -1 } }"#, "rules.record.publicity_days"),
            (r#"{ "calendar": { "holidays": ["tomorrow"] } }"#, "rules.calendar.holidays[0]"),
            ("5", "rules"),
        ] {
            let error = change(text).expect_err(text);
            assert_eq!(error.errors.first().map(|problem| problem.field.as_str()), Some(field), "{text}");
        }
        let twice = serde_json::from_str::<RulesChange>(r#"{ "earning": { "day_cap": 1, "day_cap": 2 } }"#);
        assert!(twice.expect_err("twice").to_string().starts_with("duplicate field `day_cap`"));
    }
}
