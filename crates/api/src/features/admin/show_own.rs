//! Who I am as an administrator, what my roles allow, and what waits for me.

use actix_web::{get, web};
use domain::code::Code;
use domain::desk::Waiting;
use domain::role::{Permission, Role};
use serde::Serialize;
use storage::{desk, organisations};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::caller::CurrentAdmin;
use crate::error::ApiResult;
use crate::http::coded::Coded;
use crate::state::App;

type RoleCode = Coded<Role>;
type WaitingCode = Coded<Waiting>;

/// 我的管理员身份
#[derive(Debug, Serialize, ToSchema)]
struct OwnAdminView {
    /// 账号
    #[schema(example = "district")]
    account: String,
    /// 姓名
    #[schema(example = "区管理员")]
    name: String,
    /// 是否须先修改一次性密码
    must_change_password: bool,
    /// 担任的角色
    roles: Vec<HeldRoleView>,
    /// 可以办理的业务
    #[schema(example = json!(["read_members"]))]
    permissions: Vec<&'static str>,
    /// 待办，只列有的
    waiting: Vec<WaitingView>,
}

/// 待办
#[derive(Debug, Serialize, ToSchema)]
struct WaitingView {
    /// 事项
    kind: WaitingCode,
    /// 件数，最多数到 100
    #[schema(example = 3)]
    count: u64,
}

/// 担任的角色
#[derive(Debug, Serialize, ToSchema)]
struct HeldRoleView {
    /// 角色
    role: RoleCode,
    /// 在哪个组织
    node_id: Uuid,
    /// 组织名称
    #[schema(example = "水泊寺街道")]
    node: String,
}

/// 查看我的管理员身份
#[utoipa::path(tag = "管理员", responses((status = 200, description = "我的身份", body = OwnAdminView)))]
#[get("/me")]
pub(super) async fn show_own_admin(caller: CurrentAdmin, app: App) -> ApiResult<web::Json<OwnAdminView>> {
    let admin = caller.admin;
    let tx = app.database.read();
    let mut roles = Vec::with_capacity(admin.grants.len());
    for grant in &admin.grants {
        let node = organisations::find(&tx, grant.node).await?.map_or_else(String::new, |node| node.name);
        roles.push(HeldRoleView { role: Coded(grant.role), node_id: grant.node.uuid(), node });
    }
    let held = |permission: &&Permission| !admin.scope(**permission).is_empty();
    let permissions = Permission::ALL.iter().filter(held).map(|permission| permission.code()).collect();
    let (official, now) = (admin.official(), app.clock.business());
    let mut waiting = Vec::new();
    for kind in Waiting::ALL {
        let scope = admin.scope(kind.permission());
        let count = if scope.is_empty() { 0 } else { desk::count(&tx, *kind, &scope, official, now).await? };
        if count > 0 {
            waiting.push(WaitingView { kind: Coded(*kind), count });
        }
    }
    Ok(web::Json(OwnAdminView {
        account: admin.account.clone(),
        name: admin.name.clone(),
        must_change_password: admin.must_change_password,
        roles,
        permissions,
        waiting,
    }))
}
