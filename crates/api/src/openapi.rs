//! The contracts: one OpenAPI 3.1 document per audience, generated from the handlers that serve it.

use std::collections::HashMap;
use std::sync::LazyLock;

use actix_web::App;
use domain::code::Code;
use domain::session::Audience;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn, PathItem};
use utoipa::openapi::schema::{ArrayItems, Components, Schema};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, ResponseBuilder,
    SecurityRequirement, ServerBuilder,
};
use utoipa_actix_web::{AppExt, scope};

use crate::{example_ids, routes};

/// The contract of one audience.
pub fn document(audience: Audience) -> OpenApi {
    let base = OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title(format!("智享平城 {} API", audience.label()))
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(DESCRIPTION))
                .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()))
                .build(),
        )
        .servers(Some([ServerBuilder::new().url("/").description(Some("本服务")).build()]))
        .security(Some([SecurityRequirement::new("bearer", Vec::<String>::new())]))
        .build();
    let app = App::new().into_utoipa_app().openapi(base);
    let api = scope(routes::BASE);
    let api = match audience {
        Audience::Member => {
            api.service(scope("/auth").configure(routes::auth)).service(scope("/member").configure(routes::member))
        }
        Audience::Merchant => {
            api.service(scope("/auth").configure(routes::auth)).service(scope("/merchant").configure(routes::merchant))
        }
        Audience::Admin => {
            api.service(scope("/auth").configure(routes::admin_auth)).service(scope("/admin").configure(routes::admin))
        }
    };
    let (_, mut document) = app.service(api).split_for_parts();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    name_items(components);
    for methods in document.paths.paths.values_mut() {
        let operations = [&mut methods.get, &mut methods.post, &mut methods.put, &mut methods.delete];
        operations.into_iter().flatten().for_each(promise_refusals);
    }
    example_ids::fill_in(&mut document);
    document
}

/// Whether something may be asked in the query of the operations of the contracts, by method and path.
static ASKED: LazyLock<HashMap<String, bool>> = LazyLock::new(|| {
    let documents = Audience::ALL.iter().map(|audience| document(*audience));
    let paths = documents.flat_map(|document| document.paths.paths);
    let asked = paths.flat_map(|(path, PathItem { get, post, put, delete, .. })| {
        let methods = [("GET", get), ("POST", post), ("PUT", put), ("DELETE", delete)];
        methods.into_iter().filter_map(move |(method, operation)| {
            Some((format!("{method} {path}"), has(&operation?, &ParameterIn::Query)))
        })
    });
    asked.collect()
});

/// Whether nothing may be asked of this operation in the query; of one that is in no contract this is not known.
pub fn takes_no_query(method: &str, path: &str) -> bool {
    ASKED.get(&format!("{method} {path}")) == Some(&false)
}

fn has(operation: &Operation, place: &ParameterIn) -> bool {
    let within = |one: &RefOr<Parameter>| matches!(one, RefOr::T(parameter) if parameter.parameter_in == *place);
    operation.parameters.iter().flatten().any(within)
}

/// The derive writes the item's schema out in every page of a list; here the page names it instead.
fn name_items(components: &mut Components) {
    let names: Vec<_> = components.schemas.keys().cloned().collect();
    for (list, page) in &mut components.schemas {
        let item = list.strip_prefix("Listed_").filter(|item| names.iter().any(|name| name == item));
        let (Some(item), RefOr::T(Schema::Object(page))) = (item, page) else { continue };
        if let Some(RefOr::T(Schema::Array(items))) = page.properties.get_mut("items") {
            items.items = ArrayItems::RefOrSchema(Box::new(Ref::from_schema_name(item).into()));
        }
    }
}

/// What the door, the extractors and the keys refuse everywhere; an operation's own words for a status stay.
fn promise_refusals(operation: &mut Operation) {
    let open = operation.security.as_ref().is_some_and(|security| security.contains(&SecurityRequirement::default()));
    let (body, keyed) = (operation.request_body.is_some(), has(operation, &ParameterIn::Header));
    let refusals = [
        (body || keyed, "400", "请求无法读取"),
        (!open, "401", "没有登录，或登录已失效"),
        (!open, "403", "登录身份不同，或没有这项权限"),
        (has(operation, &ParameterIn::Path), "404", "没有找到"),
        (keyed, "409", "规则或当前状态不允许，或同一操作正在处理"),
        (body, "413", "内容过大"),
        (body, "415", "不支持的内容类型"),
        (body || keyed || !open, "422", "填写有误，或有这里没有的查询条件"),
        (true, "429", "操作过于频繁，请在 Retry-After 所示的秒数后再试"),
        (true, "503", "服务暂时不可用，请在 Retry-After 所示的秒数后用同样的内容再试"),
    ];
    for (_, status, description) in refusals.into_iter().filter(|(applies, ..)| *applies) {
        operation.responses.responses.entry(status.into()).or_insert_with(|| {
            let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            let response = ResponseBuilder::new().description(description);
            response.content("application/problem+json", problem).build().into()
        });
    }
}

/// The contract as it is committed under `openapi/`.
pub fn text(audience: Audience) -> String {
    let mut text = document(audience).to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

const DESCRIPTION: &str = "时间一律为带 +08:00 的 RFC 3339，积分与分钟为整数，编号为字符串。\
    列表用 limit 和 cursor 翻页。出错时答复 application/problem+json，按 code 判断，detail 可直接给用户看。\
    凡涉及积分、库存、名额、兑换券的操作须带请求头 Idempotency-Key，重试时保持不变。";
