//! The console (控制台): the admins' own page around the vendored Swagger UI, and the contracts it reads.

mod asset;

use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use actix_web::{HttpRequest, HttpResponse, get, web};
use domain::code::Code;
use domain::session::Audience;
use serde::Serialize;

use self::asset::Asset;
use crate::error::{ApiError, ApiResult};
use crate::openapi;

/// Nothing but this origin: what the page runs, asks and shows comes from here. Swagger UI writes styles inline and
/// draws its icons from `data:`.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What the page may call: members and shops only where their operations and the sandbox's login codes are served too.
#[derive(Clone, Copy, Debug)]
pub struct Callable {
    /// Whether members and shops can be tried out beside admins.
    pub everybody: bool,
}

/// What the console serves, read once for all workers.
pub struct Files {
    page: Asset,
    assets: Vec<(&'static str, Asset)>,
    contracts: Vec<(&'static str, Asset)>,
}

impl Files {
    /// Reads what is built in.
    pub fn built_in() -> Arc<Self> {
        let own = |kind: &'static str, text: &'static str| Asset::new(kind, text.as_bytes().into());
        let script = "text/javascript; charset=utf-8";
        let style = "text/css; charset=utf-8";
        let contract = |audience: &Audience| {
            (audience.code(), Asset::new("application/json", openapi::text(*audience).into_bytes().into()))
        };
        Arc::new(Self {
            page: own("text/html; charset=utf-8", include_str!("../../../console/index.html")),
            assets: vec![
                ("console.js", own(script, include_str!("../../../console/console.js"))),
                ("session.js", own(script, include_str!("../../../console/session.js"))),
                ("contract.js", own(script, include_str!("../../../console/contract.js"))),
                ("words.js", own(script, include_str!("../../../console/words.js"))),
                ("console.css", own(style, include_str!("../../../console/console.css"))),
                ("swagger-ui-bundle.js", asset::vendored(script, "swagger-ui-bundle.js")),
                ("swagger-ui.css", asset::vendored(style, "swagger-ui.css")),
            ],
            contracts: Audience::ALL.iter().map(contract).collect(),
        })
    }
}

/// The routes, for the listener that admins reach.
pub fn routes(routes: &mut web::ServiceConfig, files: &Arc<Files>, callable: Callable) {
    routes
        .app_data(web::Data::from(Arc::clone(files)))
        .app_data(web::Data::new(callable))
        .service(web::resource(["/console", "/console/"]).route(web::get().to(show_page)))
        .service(show_settings)
        .service(show_asset)
        .service(show_contract);
}

async fn show_page(http: HttpRequest, files: web::Data<Files>) -> HttpResponse {
    under_policy(files.page.answer(&http))
}

#[get("/console/assets/{name}")]
async fn show_asset(http: HttpRequest, name: web::Path<String>, files: web::Data<Files>) -> ApiResult<HttpResponse> {
    Ok(under_policy(found(&files.assets, &name)?.answer(&http)))
}

#[get("/openapi/{audience}.json")]
async fn show_contract(http: HttpRequest, name: web::Path<String>, files: web::Data<Files>) -> ApiResult<HttpResponse> {
    Ok(found(&files.contracts, &name)?.answer(&http))
}

#[derive(Serialize)]
struct SettingsView {
    /// The audiences whose operations can be tried out from here.
    callable: Vec<&'static str>,
}

#[get("/console/settings.json")]
async fn show_settings(callable: web::Data<Callable>) -> HttpResponse {
    let callable = Audience::ALL.iter().filter(|audience| callable.everybody || **audience == Audience::Admin);
    let view = SettingsView { callable: callable.map(|audience| audience.code()).collect() };
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(view)
}

fn found<'a>(assets: &'a [(&'static str, Asset)], name: &str) -> ApiResult<&'a Asset> {
    assets.iter().find(|(known, _)| *known == name).map(|(_, asset)| asset).ok_or_else(ApiError::not_found)
}

fn under_policy(mut response: HttpResponse) -> HttpResponse {
    let policy = actix_web::http::header::HeaderValue::from_static(POLICY);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    response
}
