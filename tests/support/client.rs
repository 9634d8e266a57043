//! A phone, a shop's phone or a browser, as far as HTTP can see.

use std::sync::LazyLock;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

static HTTP: LazyLock<reqwest::Client> = LazyLock::new(|| {
    let builder = reqwest::Client::builder().timeout(Duration::from_mins(1)).no_proxy();
    builder.build().expect("an HTTP client")
});

/// Somebody with or without a token.
#[derive(Clone, Debug)]
pub struct Client {
    base: String,
    token: Option<String>,
}

/// What the server answered.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body as text.
    pub text: String,
    /// The body as JSON; null if it is none.
    pub body: Value,
    asked: String,
}

impl Client {
    /// Somebody without a token.
    pub fn anonymous(base: &str) -> Self {
        Self { base: base.into(), token: None }
    }

    /// The same with a token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { base: self.base.clone(), token: Some(token.into()) }
    }

    /// The same person before another server.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.into(), token: self.token.clone() }
    }

    /// A call that is made again while the server asks for it, as a phone does.
    pub async fn insist(&self, path: &str, key: &str, body: &Value) -> Reply {
        for _ in 0..200 {
            let reply = self.post_keyed(path, key, body).await;
            if reply.status != 503 && reply.body["code"] != "still_running" {
                return reply;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{path}: still asked to come again");
    }

    /// The token.
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or("")
    }

    /// GET; the path is relative to `/api/v1` unless it begins with two slashes.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path), path).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::POST, path).json(body), path).await
    }

    /// POST with a JSON body under an idempotency key.
    pub async fn post_keyed(&self, path: &str, key: &str, body: &Value) -> Reply {
        self.send(self.request(Method::POST, path).header("Idempotency-Key", key).json(body), path).await
    }

    /// POST under an idempotency key to a server that may die meanwhile: none if no whole answer came.
    pub async fn try_post_keyed(&self, path: &str, key: &str, body: &Value) -> Option<Reply> {
        self.try_send(self.request(Method::POST, path).header("Idempotency-Key", key).json(body), path).await
    }

    /// PUT with a JSON body.
    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::PUT, path).json(body), path).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Reply {
        self.send(self.request(Method::DELETE, path), path).await
    }

    /// A request to be finished by hand; send it with [`Client::send`].
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = match path.strip_prefix('/').filter(|rest| rest.starts_with('/')) {
            Some(absolute) => format!("{}{absolute}", self.base),
            None => format!("{}/api/v1{path}", self.base),
        };
        let request = HTTP.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request.
    pub async fn send(&self, request: reqwest::RequestBuilder, asked: &str) -> Reply {
        let response = request.send().await.expect("the server answers");
        Reply::read(response, asked).await.expect("the body arrives")
    }

    /// Sends a request to a server that may die meanwhile: none if no whole answer came in time.
    pub async fn try_send(&self, request: reqwest::RequestBuilder, asked: &str) -> Option<Reply> {
        Reply::read(request.send().await.ok()?, asked).await.ok()
    }
}

impl Reply {
    async fn read(response: reqwest::Response, asked: &str) -> reqwest::Result<Self> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Self { status, headers, text, body, asked: asked.into() })
    }

    /// The body, if the status is the expected one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text);
        self.body
    }

    /// The problem's body, if the answer is this problem and reads like one.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{}: {}", self.asked, self.text);
        let kind = self.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or("");
        assert!(kind.starts_with("application/problem+json"), "{}: {kind}", self.asked);
        let detail = self.body["detail"].as_str().unwrap_or("");
        assert!(
            detail.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)),
            "{}: no Chinese in {detail}",
            self.asked
        );
        for named in self.body["errors"].as_array().into_iter().flatten().filter_map(|error| error["field"].as_str()) {
            assert!(
                !detail.contains(&format!("{named}：")),
                "{}: fields are no names for people: {detail}",
                self.asked
            );
        }
        assert_eq!(self.body["request_id"].as_str(), self.headers.get("x-request-id").and_then(|id| id.to_str().ok()));
        self.body
    }
}

/// A fresh idempotency key.
pub fn key() -> String {
    Uuid::now_v7().to_string()
}
