//! Imports and members on the wire.

use domain::code::Code;
use domain::member::{MemberCategory, MemberState};
use domain::roster::ImportState;
use serde::Serialize;
use storage::members::MemberSummary;
use storage::roster_imports::{Problem, RosterImport};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::coded::Coded;
use crate::http::time::BeijingTime;

pub(super) type ImportStateCode = Coded<ImportState>;
pub(super) type MemberCategoryCode = Coded<MemberCategory>;
pub(super) type MemberStateCode = Coded<MemberState>;

/// 名册导入
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RosterImportView {
    /// 导入编号
    id: Uuid,
    /// 单位编号
    unit_id: Uuid,
    /// 单位
    #[schema(example = "平城区教育局")]
    unit: String,
    /// 文件名
    #[schema(example = "在职党员名册.xlsx")]
    file_name: String,
    /// 状态
    state: ImportStateCode,
    /// 状态名称
    #[schema(example = "已完成")]
    state_label: &'static str,
    /// 已核对的行数
    #[schema(example = 128)]
    rows_read: u64,
    /// 文件的总行数，不含表头；还没有读完时为空
    #[schema(example = 128)]
    rows_total: Option<u64>,
    /// 新增人数
    #[schema(example = 120)]
    created: u64,
    /// 更新人数
    #[schema(example = 5)]
    updated: u64,
    /// 没有变化的人数
    #[schema(example = 3)]
    unchanged: u64,
    /// 问题总数；有一处问题，整个文件都不会导入
    #[schema(example = 0)]
    problem_count: u64,
    /// 问题，最多列出前 200 处
    problems: Vec<ImportProblemView>,
    /// 上传时间
    submitted_at: BeijingTime,
    /// 结束时间
    finished_at: Option<BeijingTime>,
}

/// 名册文件中的一处问题
#[derive(Debug, Serialize, ToSchema)]
struct ImportProblemView {
    /// 行号，与表格软件显示的一致；整个文件的问题为空
    #[schema(example = 12)]
    line: Option<u32>,
    /// 列名
    #[schema(example = "手机号")]
    column: Option<String>,
    /// 问题说明
    #[schema(example = "应为 11 位手机号")]
    message: String,
}

/// 名册上的党员
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RosterMemberView {
    /// 党员编号
    id: Uuid,
    /// 党员服务编号
    #[schema(example = "PC00000001")]
    number: String,
    /// 姓名
    #[schema(example = "张建国")]
    name: String,
    /// 手机号，只显示后四位
    #[schema(example = "*******1234")]
    phone: String,
    /// 单位编号
    unit_id: Uuid,
    /// 单位
    #[schema(example = "平城区教育局")]
    unit: String,
    /// 党员类别
    category: MemberCategoryCode,
    /// 是否在册
    state: MemberStateCode,
    /// 是否已用微信绑定
    #[schema(example = true)]
    bound: bool,
}

impl From<RosterImport> for RosterImportView {
    fn from(import: RosterImport) -> Self {
        Self {
            id: import.id.uuid(),
            unit_id: import.unit.uuid(),
            unit: import.unit_name,
            file_name: import.file_name,
            state: Coded(import.state),
            state_label: import.state.label(),
            rows_read: import.rows_read,
            rows_total: import.rows_total,
            created: import.counts.created,
            updated: import.counts.updated,
            unchanged: import.counts.unchanged,
            problem_count: import.problems.total,
            problems: import.problems.first.into_iter().map(ImportProblemView::from).collect(),
            submitted_at: import.submitted_at.into(),
            finished_at: import.finished_at.map(BeijingTime),
        }
    }
}

impl From<Problem> for ImportProblemView {
    fn from(problem: Problem) -> Self {
        Self { line: problem.line, column: problem.column, message: problem.message }
    }
}

impl From<MemberSummary> for RosterMemberView {
    fn from(summary: MemberSummary) -> Self {
        let MemberSummary { member, unit_name, bound } = summary;
        Self {
            id: member.id.uuid(),
            number: member.number,
            name: member.name,
            phone: format!("*******{}", member.phone_tail),
            unit_id: member.unit.uuid(),
            unit: unit_name,
            category: Coded(member.category),
            state: Coded(member.state),
            bound,
        }
    }
}
