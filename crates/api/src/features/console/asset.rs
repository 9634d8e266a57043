//! One file of the console, with the tag by which a browser asks whether it changed.

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, ETAG, EntityTag, Header, IfNoneMatch};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use sha2::{Digest, Sha256};
use utoipa_swagger_ui::Config;

/// A file as it is answered.
pub(super) struct Asset {
    kind: &'static str,
    bytes: Bytes,
    tag: EntityTag,
}

impl Asset {
    /// A file of this content type.
    pub(super) fn new(kind: &'static str, bytes: Cow<'static, [u8]>) -> Self {
        let bytes = match bytes {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        };
        let tag = data_encoding::HEXLOWER.encode(&Sha256::digest(&bytes)[..16]);
        Self { kind, bytes, tag: EntityTag::new_strong(tag) }
    }

    /// The file, or that it is still the one the browser has.
    pub(super) fn answer(&self, http: &HttpRequest) -> HttpResponse {
        let unchanged = match IfNoneMatch::parse(http) {
            Ok(IfNoneMatch::Any) => true,
            Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&self.tag)),
            Err(_) => false,
        };
        let mut answer = if unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        // Names carry no version, so every use asks whether the file is still the same; most answers are a bare 304.
        answer.insert_header((CACHE_CONTROL, "no-cache")).insert_header((ETAG, self.tag.to_string()));
        if unchanged {
            return answer.finish();
        }
        answer.content_type(self.kind).body(self.bytes.clone())
    }
}

/// A file of the vendored Swagger UI.
pub(super) fn vendored(kind: &'static str, name: &str) -> Asset {
    let file = utoipa_swagger_ui::serve(name, Arc::new(Config::default())).ok().flatten();
    Asset::new(kind, file.map_or_else(Cow::default, |file| Cow::Owned(file.bytes.into_owned())))
}
