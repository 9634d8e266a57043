//! Drafting an offer, and rewriting the draft.

use actix_web::{HttpResponse, post, put, web};
use domain::id::{MerchantId, OfferId};
use domain::offer::{Offer, Promise, PromiseError};
use domain::time::Instant;
use serde::Deserialize;
use storage::offers::{self, OfferDetail};
use storage::{merchants, rulebooks};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::{CategoryCode, FundingCode, ManagedOfferView};
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, FieldProblem, Problem};
use crate::error_code::ErrorCode;
use crate::http::input;
use crate::http::json::Json;
use crate::http::time::BeijingTime;
use crate::state::App;
use crate::use_case::UseCase;

type Keeper = Authorized<needs::ManageMall>;

/// 起草优惠
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateOfferRequest {
    /// 商家编号，须在您的辖区内
    merchant_id: Uuid,
    /// 内容
    offer: PromiseRequest,
}

/// 优惠内容
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PromiseRequest {
    /// 标题，最多 40 字
    #[schema(example = "刀削面一碗")]
    title: String,
    /// 类别
    category: CategoryCode,
    /// 内容，最多 1000 字
    #[schema(example = "传统刀削面一碗，含一份小菜")]
    description: String,
    /// 使用规则，最多 1000 字
    #[schema(example = "仅限堂食，每桌限用一张")]
    terms: String,
    /// 所需积分，1 到 1000000
    #[schema(example = 80)]
    price: i64,
    /// 面值，单位为分，0 到 10000000；计入每人全年上限
    #[schema(example = 1500)]
    face_value_fen: i64,
    /// 资金来源
    funding_source: FundingCode,
    /// 份数，0 到 1000000
    #[schema(example = 30)]
    stock: i64,
    /// 每人每季度限兑份数，1 到 100；不填则按积分规则
    #[schema(example = 2)]
    limit_per_member: Option<i32>,
    /// 兑换券有效天数，1 到 365，从兑换次日起算；不填则按起草时的积分规则
    #[schema(example = 30)]
    voucher_days: Option<i32>,
    /// 结束时间；不填则长期有效
    ends_at: Option<BeijingTime>,
}

/// 起草优惠
///
/// 起草后提交审批；由另一人批准后才能上架。
#[utoipa::path(tag = "优惠", responses(
    (status = 201, description = "已存为草稿", body = ManagedOfferView),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "辖区内没有这个商家", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "填写有误", body = Problem, content_type = "application/problem+json"),
))]
#[post("/offers")]
pub(super) async fn create_offer(
    caller: Keeper,
    request: Json<CreateOfferRequest>,
    use_case: UseCase,
    app: App,
) -> ApiResult<HttpResponse> {
    let merchant = MerchantId::new(request.0.merchant_id);
    let promise = promise(request.0.offer, "offer.", &app).await?;
    let story = use_case.write("create_offer", move |work| {
        Box::pin(async move {
            check(&promise, "offer.", work.now)?;
            let found = merchants::find_within(&work.tx, &caller.scope, merchant).await?;
            let merchant = found.ok_or_else(ApiError::not_found)?;
            let offer = Offer::draft(OfferId::new(Uuid::now_v7()), merchant.id, promise, caller.admin.id);
            work.about("offer", offer.id);
            offers::insert(&mut work.tx, &offer, work.now).await?;
            let drafter_name = Some(caller.admin.name);
            Ok(ManagedOfferView::from(OfferDetail { offer, merchant, drafter_name, approver_name: None }))
        })
    });
    Ok(HttpResponse::Created().json(story.await?))
}

/// 修改草稿
///
/// 只有草稿可以修改；修改人即为起草人。已批准的优惠内容不再改变，需要时另起草一个。
#[utoipa::path(tag = "优惠", params(("id" = Uuid, Path, description = "优惠编号")), responses(
    (status = 200, description = "已修改", body = ManagedOfferView),
    (status = 404, description = "没有这个优惠", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "不是草稿", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "填写有误", body = Problem, content_type = "application/problem+json"),
))]
#[put("/offers/{id}")]
pub(super) async fn update_offer(
    caller: Keeper,
    id: web::Path<Uuid>,
    request: Json<PromiseRequest>,
    use_case: UseCase,
    app: App,
) -> ApiResult<web::Json<ManagedOfferView>> {
    let id = OfferId::new(*id);
    let promise = promise(request.0, "", &app).await?;
    let story = use_case.write("update_offer", move |work| {
        Box::pin(async move {
            check(&promise, "", work.now)?;
            let mut offer = super::lock(work, &caller, id).await?;
            offer.revise(promise, caller.admin.id)?;
            offers::save_draft(&mut work.tx, &offer, work.now).await?;
            super::shown(work, &caller, id).await
        })
    });
    story.await.map(web::Json)
}

/// What the draft promises; for how long its vouchers are good the rules say where it does not.
async fn promise(request: PromiseRequest, within: &str, app: &App) -> ApiResult<Promise> {
    let voucher_days = if let Some(days) = request.voucher_days {
        days
    } else {
        let rules = rulebooks::in_force(&app.database.read(), app.clock.business()).await?.rules;
        i32::try_from(rules.voucher.valid_days).map_err(ApiError::internal)?
    };
    let field = |name: &str| format!("{within}{name}");
    Ok(Promise {
        title: input::line(&field("title"), &request.title, 40)?,
        category: request.category.0,
        description: input::text(&field("description"), &request.description, 1_000)?,
        terms: input::text(&field("terms"), &request.terms, 1_000)?,
        price: request.price,
        face_value_fen: request.face_value_fen,
        funding: request.funding_source.0,
        stock: request.stock,
        limit_per_member: request.limit_per_member,
        voucher_days,
        ends_at: request.ends_at.map(|end| end.0),
    })
}

fn check(promise: &Promise, within: &str, now: Instant) -> ApiResult<()> {
    let wrong = promise.errors(now);
    if wrong.is_empty() {
        return Ok(());
    }
    let mut error = ApiError::from(ErrorCode::InvalidInput);
    error.errors = wrong
        .into_iter()
        .map(|problem| FieldProblem { field: format!("{within}{}", field(problem)), message: problem.to_string() })
        .collect();
    Err(error)
}

fn field(problem: PromiseError) -> &'static str {
    match problem {
        PromiseError::Price => "price",
        PromiseError::FaceValue => "face_value_fen",
        PromiseError::Stock => "stock",
        PromiseError::Limit => "limit_per_member",
        PromiseError::VoucherDays => "voucher_days",
        PromiseError::End => "ends_at",
    }
}
