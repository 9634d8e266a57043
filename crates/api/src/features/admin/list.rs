//! The accounts.

use actix_web::{get, web};
use domain::role::Role;
use serde::{Deserialize, Serialize};
use storage::admins::{self, AdminSummary, Filter};
use storage::role_grants::{self, HeldRole};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiResult, Problem};
use crate::http::coded::Coded;
use crate::http::input;
use crate::http::page::{Listed, page_request};
use crate::http::query::Query;
use crate::http::time::BeijingTime;
use crate::state::App;

type RoleCode = Coded<Role>;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListAdminsQuery {
    /// 账号的开头
    #[param(example = "community")]
    account: Option<String>,
    /// 为真时只看可用的，为假时只看已停用的
    active: Option<bool>,
    /// 每页条数，1 到 100，默认 20
    limit: Option<u64>,
    /// 上一页给出的游标
    cursor: Option<String>,
}

/// 管理员账号
#[derive(Debug, Serialize, ToSchema)]
struct AdminView {
    /// 编号
    id: Uuid,
    /// 账号
    #[schema(example = "community")]
    account: String,
    /// 姓名
    #[schema(example = "社区管理员")]
    name: String,
    /// 是否可用
    active: bool,
    /// 锁定到何时
    locked_until: Option<BeijingTime>,
    /// 是否仍在用一次性密码
    must_change_password: bool,
    /// 担任的角色
    roles: Vec<HeldRoleView>,
}

/// 担任的角色
#[derive(Debug, Serialize, ToSchema)]
struct HeldRoleView {
    /// 授权编号，撤销时使用
    grant_id: Uuid,
    /// 角色
    role: RoleCode,
    /// 担任角色的组织
    node_id: Uuid,
    /// 组织名称
    #[schema(example = "文源社区")]
    node: String,
}

/// 管理员账号列表
#[utoipa::path(tag = "管理员", params(ListAdminsQuery), responses(
    (status = 200, description = "一页账号", body = Listed<AdminView>),
    (status = 422, description = "查询条件有误", body = Problem, content_type = "application/problem+json"),
))]
#[get("/admins")]
pub(super) async fn list_admins(
    _admin: Authorized<needs::ReadAdmins>,
    query: Query<ListAdminsQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<AdminView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let account = input::optional_line("account", query.account.as_deref(), 40)?;
    let filter = Filter { account, active: query.active };
    let tx = app.database.read();
    let page = admins::list(&tx, &filter, &page).await?;
    let shown: Vec<_> = page.items.iter().map(|admin| admin.id).collect();
    let roles = role_grants::list_of_all(&tx, &shown).await?;
    Ok(web::Json(Listed::of(page, |admin| AdminView::new(admin, &roles))))
}

impl AdminView {
    fn new(admin: AdminSummary, roles: &[HeldRole]) -> Self {
        Self {
            roles: roles.iter().filter(|held| held.admin == admin.id).map(HeldRoleView::from).collect(),
            id: admin.id.uuid(),
            account: admin.account,
            name: admin.name,
            active: admin.active,
            locked_until: admin.locked_until.map(BeijingTime),
            must_change_password: admin.must_change_password,
        }
    }
}

impl From<&HeldRole> for HeldRoleView {
    fn from(held: &HeldRole) -> Self {
        Self {
            grant_id: held.id.uuid(),
            role: Coded(held.role),
            node_id: held.node.uuid(),
            node: held.node_name.clone(),
        }
    }
}
