//! The operations of a contract, called with what stands there as examples, as somebody does who tries them out.

use api::clock::Clock;
use domain::session::Audience;
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::client::{Client, Reply, key};

/// One operation.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its `operationId`.
    pub id: String,
    /// The method.
    pub method: Method,
    /// The path as the contract spells it, with `{id}` for ids.
    pub template: String,
    /// The path with the examples in place of the parameters, for [`Client::request`].
    pub path: String,
    /// Whether it wants an idempotency key.
    pub keyed: bool,
    body: Option<Value>,
    file: Option<String>,
}

/// The operations of an audience's contract. Of their parameters, the required ones are given.
pub fn operations(audience: Audience) -> Vec<Operation> {
    // The contract's examples happen on one day; it is moved ahead, as the console does.
    let ahead = (Clock::default().wall() + chrono::Duration::days(30)).format("%Y-%m-%dT").to_string();
    let text = api::openapi::text(audience).replace("2026-11-24T", &ahead);
    let document: Value = serde_json::from_str(&text).expect("a document");
    let mut operations = Vec::new();
    for (template, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
            let mut path = format!("/{template}");
            for parameter in parameters.iter().filter(|parameter| parameter["required"] == true) {
                let name = parameter["name"].as_str().expect("a name");
                let example = sample(&document, shown_at(parameter, &parameter["schema"]));
                let example = example.as_i64().map(|number| number.to_string()).or(example.as_str().map(str::to_owned));
                match (parameter["in"].as_str(), example) {
                    (Some("path"), Some(example)) => path = path.replace(&format!("{{{name}}}"), &example),
                    (Some("query"), Some(example)) => {
                        let mark = if path.contains('?') { '&' } else { '?' };
                        path = format!("{path}{mark}{name}={example}");
                    }
                    _ => assert_eq!(name, "Idempotency-Key", "{operation}"),
                }
            }
            let contents = &operation["requestBody"]["content"];
            let content = &contents["application/json"];
            operations.push(Operation {
                id: operation["operationId"].as_str().expect("an operationId").into(),
                method: method.to_uppercase().parse().expect("a method"),
                template: template.clone(),
                path,
                body: content.is_object().then(|| sample(&document, shown_at(content, &content["schema"]))),
                file: contents["text/csv"]["example"].as_str().map(str::to_owned),
                keyed: parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key"),
            });
        }
    }
    operations
}

impl Operation {
    /// Calls it with its examples, under an idempotency key of its own where it wants one.
    pub async fn call(&self, client: &Client) -> Reply {
        client.send(self.request(client), &self.path).await
    }

    /// The same call, to be finished by hand.
    pub fn request(&self, client: &Client) -> reqwest::RequestBuilder {
        let mut request = client.request(self.method.clone(), &self.path);
        if self.keyed {
            request = request.header("Idempotency-Key", key());
        }
        if let Some(body) = &self.body {
            request = request.json(body);
        }
        if let Some(file) = &self.file {
            request = request.header("content-type", "text/csv").body(file.clone());
        }
        request
    }
}

/// An example that stands beside a schema goes before those within.
fn shown_at<'a>(place: &'a Value, schema: &'a Value) -> &'a Value {
    if place["example"].is_null() { schema } else { place }
}

/// What Swagger UI shows for a schema.
fn sample(document: &Value, schema: &Value) -> Value {
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    if let Some(pointer) = schema["$ref"].as_str() {
        return sample(document, document.pointer(pointer.trim_start_matches('#')).expect("what is referred to"));
    }
    let own = [&schema["examples"][0], &schema["default"], &schema["enum"][0], &schema["const"]];
    if let Some(shown) = own.into_iter().find(|shown| !shown.is_null()) {
        return shown.clone();
    }
    if let Some(first) = schema["oneOf"].get(0) {
        return sample(document, first);
    }
    let kind = if schema["type"].is_array() { &schema["type"][0] } else { &schema["type"] };
    match kind.as_str() {
        Some("object") => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            let fields: Map<_, _> = properties.map(|(name, field)| (name.clone(), sample(document, field))).collect();
            Value::Object(fields)
        }
        Some("array") => json!([sample(document, &schema["items"])]),
        Some("integer" | "number") => json!(0),
        Some("boolean") => json!(true),
        Some("string") => json!("string"),
        _ => Value::Null,
    }
}
