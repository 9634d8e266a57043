use uuid::Uuid;

use super::*;
use crate::id::MemberId;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn cells(texts: [&str; 6]) -> Vec<Cell> {
    texts.iter().map(|text| Cell::Text((*text).into())).collect()
}

fn header() -> Header {
    Header::recognise(&cells(["姓名", "手机号", "单位", "党组织", "入党日期", "党员类别"])).expect("a header")
}

const GOOD: [&str; 6] = ["张 三", "138 0000 1234", "平城区教育局", "机关党支部", "2012/7/1", "在职"];

fn good() -> RosterRow {
    read(12, &header(), &cells(GOOD), day("2026-11-24")).expect("a good row")
}

fn sentences(texts: [&str; 6]) -> Vec<String> {
    let read = read(12, &header(), &cells(texts), day("2026-11-24"));
    read.map_or_else(|problems| problems.iter().map(ToString::to_string).collect(), |_| Vec::new())
}

fn unit(number: u128) -> (NodeId, NodePath) {
    let path = NodePath::root().child(u32::try_from(number).expect("a small number"));
    (NodeId::new(Uuid::from_u128(number)), path)
}

fn on_roster(row: &RosterRow, at: &(NodeId, NodePath)) -> OnRoster {
    OnRoster {
        member: Member {
            id: MemberId::new(Uuid::from_u128(7)),
            number: "PC00000001".into(),
            name: row.name.clone(),
            phone_tail: row.phone.tail().into(),
            unit: at.0,
            category: row.category,
            state: MemberState::Active,
        },
        unit_path: at.1.clone(),
        record: row.record.clone(),
        bound: false,
        updated_at: Instant::UNIX_EPOCH,
    }
}

#[test]
fn a_row_is_read() {
    let row = good();
    assert_eq!((row.name.as_str(), row.phone.reveal()), ("张三", "13800001234"));
    assert_eq!(row.record, PartyRecord { organisation: "机关党支部".into(), joined_on: day("2012-07-01") });
    assert_eq!(row.category, MemberCategory::InService);
}

#[test]
fn every_wrong_cell_is_named_by_line_and_column() {
    assert_eq!(
        sentences(["", "1380000", "平城区教育局", "机关党支部", "2012-07", "群众"]),
        [
            "第 12 行“姓名”：不能为空",
            "第 12 行“手机号”：应为 11 位手机号",
            "第 12 行“入党日期”：应为日期，写成 2012-07-01 或 2012年7月1日",
            "第 12 行“党员类别”：应为在职党员、离退休党员、流动党员或直管党员",
        ]
    );
    let mut formula = cells(GOOD);
    formula[2] = Cell::Formula;
    formula[3] = Cell::Broken;
    let problems = read(2, &header(), &formula, day("2026-11-24")).expect_err("two bad cells");
    assert_eq!(problems[0].to_string(), "第 2 行“单位”：是公式，请把这一列复制后粘贴为数值");
    assert_eq!(problems[1].to_string(), "第 2 行“党组织”：是错误值，请改正后再导入");
}

#[test]
fn joining_lies_between_the_founding_and_today() {
    let joined = |text| sentences(["张三", "13800001234", "平城区教育局", "机关党支部", text, "在职"]);
    assert!(joined("1921-07-23").is_empty());
    assert!(joined("2026-11-24").is_empty());
    assert_eq!(joined("1921-07-22"), ["第 12 行“入党日期”：不能早于 1921-07-23"]);
    assert_eq!(joined("2026-11-25"), ["第 12 行“入党日期”：不能晚于今天"]);
}

#[test]
fn a_number_may_stand_in_a_file_once() {
    let mut phones = Phones::default();
    let phone = good().phone;
    assert_eq!(phones.note(&phone, 2), Ok(()));
    assert_eq!(phones.note(&phone, 9), Err(CellError::Repeated(2)));
    assert_eq!(phones.note(&phone, 11), Err(CellError::Repeated(2)));
}

#[test]
fn the_same_row_twice_changes_nothing() {
    let (row, here) = (good(), unit(1));
    let within = [here.1.clone()];
    assert_eq!(settle(&row, here.0, None, &within), Ok(Change::Create));
    let mut there = on_roster(&row, &here);
    assert_eq!(settle(&row, here.0, Some(&there), &within), Ok(Change::Nothing));
    there.record.joined_on = day("2012-07-02");
    assert_eq!(settle(&row, here.0, Some(&there), &within), Ok(Change::Update));
    let mut left = on_roster(&row, &here);
    left.member.state = MemberState::Left;
    assert_eq!(settle(&row, here.0, Some(&left), &within), Ok(Change::Update));
}

#[test]
fn nobody_is_taken_from_another_roster_unless_they_left_it() {
    let (row, here, elsewhere) = (good(), unit(1), unit(10));
    let mut there = on_roster(&row, &elsewhere);
    let refused = settle(&row, here.0, Some(&there), std::slice::from_ref(&here.1));
    assert_eq!(refused.map_err(|problem| problem.reason), Err(CellError::OnOtherRoster));
    assert_eq!(settle(&row, here.0, Some(&there), &[NodePath::root()]), Ok(Change::Update));
    there.member.state = MemberState::Left;
    assert_eq!(settle(&row, here.0, Some(&there), &[here.1]), Ok(Change::Update));
}

#[test]
fn somebody_who_signs_in_keeps_their_name() {
    let (row, here) = (good(), unit(1));
    let mut there = on_roster(&row, &here);
    there.member.name = "李四".into();
    assert_eq!(settle(&row, here.0, Some(&there), std::slice::from_ref(&here.1)), Ok(Change::Update));
    there.bound = true;
    let refused = settle(&row, here.0, Some(&there), &[here.1]);
    assert_eq!(refused.map_err(|problem| problem.reason), Err(CellError::BoundToOther));
}
