//! The committed contracts are those of the code.

use std::collections::BTreeSet;
use std::path::Path;

use api::openapi;
use domain::code::Code;
use domain::session::Audience;

#[test]
fn the_committed_documents_are_the_generated_ones() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi");
    for audience in Audience::ALL {
        let file = folder.join(format!("{}.json", audience.code()));
        let committed = std::fs::read_to_string(&file).expect("the committed document");
        assert!(committed == openapi::text(*audience), "run `cargo run -- openapi`: {} is stale", file.display());
    }
}

#[test]
fn operations_are_named_once_and_described_in_chinese() {
    let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let mut paths_by_name = std::collections::BTreeMap::<String, BTreeSet<String>>::new();
    for audience in Audience::ALL {
        let document = serde_json::to_value(openapi::document(*audience)).expect("a document");
        for (path, methods) in document["paths"].as_object().expect("paths") {
            for (method, operation) in methods.as_object().expect("methods") {
                let name = operation["operationId"].as_str().expect("an operationId");
                assert!(chinese(operation["summary"].as_str().unwrap_or("")), "{name} has no Chinese summary");
                assert!(matches!(method.as_str(), "get" | "post" | "put" | "delete"), "{name} uses {method}");
                paths_by_name.entry(name.into()).or_default().insert(format!("{method} {path}"));
            }
        }
        for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
            for (field, property) in schema["properties"].as_object().into_iter().flatten() {
                let described = property["description"].as_str().is_some_and(chinese)
                    || property["$ref"].is_string()
                    || property["oneOf"].is_array();
                assert!(described, "{name}.{field} is not described in Chinese");
            }
        }
    }
    for (name, paths) in paths_by_name {
        assert_eq!(paths.len(), 1, "{name} names {paths:?}");
    }
}
