//! The header (表头) of a roster file: which column holds what, whatever the order and the wording.

use thiserror::Error;

use super::{Cell, CellError};
use crate::code::{Code, codes};

codes! {
    /// A column of a roster file.
    Column {
        Name = "name", "姓名";
        Phone = "phone", "手机号";
        Unit = "unit", "单位";
        PartyOrganisation = "party_organisation", "党组织";
        JoinedOn = "joined_on", "入党日期";
        Category = "category", "党员类别";
    }
}

impl Column {
    /// The titles under which units keep this column, beside its own name and code.
    fn synonyms(self) -> &'static [&'static str] {
        match self {
            Self::Name => &["名字", "党员姓名", "人员姓名"],
            Self::Phone => &["手机", "手机号码", "电话", "联系电话", "电话号码", "联系方式", "移动电话"],
            Self::Unit => &["工作单位", "所在单位", "原单位", "单位名称", "工作单位名称"],
            Self::PartyOrganisation => {
                &["所在党组织", "所属党组织", "党组织名称", "党支部", "所在党支部", "所属党支部", "所在支部"]
            }
            Self::JoinedOn => &["入党时间", "入党年月日", "加入党组织日期", "加入党组织时间", "加入中国共产党时间"],
            Self::Category => &["类别", "人员类别", "党员类型"],
        }
    }

    fn of_title(title: &str) -> Option<Self> {
        let title = plain(title);
        let named = |column: &&Self| {
            title == column.label() || title == column.code() || column.synonyms().contains(&title.as_str())
        };
        Self::ALL.iter().find(named).copied()
    }
}

/// Where each column stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    places: [usize; Column::ALL.len()],
}

/// Why a row cannot be the header of a roster file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HeaderError {
    /// Some columns are not there.
    #[error("表头缺少这些列：{}。应有：姓名、手机号、单位、党组织、入党日期、党员类别", labels(.0))]
    Missing(Vec<Column>),
    /// One column is there twice, so that nobody can tell which is meant.
    #[error("表头里“{}”这一列出现了两次", .0.label())]
    Twice(Column),
}

impl HeaderError {
    /// How many columns were recognised all the same; of several rows, the one with most was meant as the header.
    pub fn recognised(&self) -> usize {
        match self {
            Self::Missing(missing) => Column::ALL.len() - missing.len(),
            Self::Twice(_) => Column::ALL.len(),
        }
    }
}

impl Header {
    /// Reads a row as the header.
    pub fn recognise(cells: &[Cell]) -> Result<Self, HeaderError> {
        let mut found = [None; Column::ALL.len()];
        for (place, cell) in cells.iter().enumerate() {
            let Cell::Text(title) = cell else { continue };
            let Some(column) = Column::of_title(title) else { continue };
            if found[column as usize].replace(place).is_some() {
                return Err(HeaderError::Twice(column));
            }
        }
        let missing: Vec<Column> = Column::ALL.iter().copied().filter(|c| found[*c as usize].is_none()).collect();
        if missing.is_empty() {
            Ok(Self { places: found.map(Option::unwrap_or_default) })
        } else {
            Err(HeaderError::Missing(missing))
        }
    }

    /// The text of the cell that stands in the column; a row that ends before it has an empty one.
    pub(super) fn text<'a>(&self, cells: &'a [Cell], column: Column) -> Result<&'a str, CellError> {
        cells.get(self.places[column as usize]).map_or(Ok(""), Cell::text)
    }
}

/// A title without what people decorate it with: blanks, a star, a remark in brackets.
fn plain(title: &str) -> String {
    let title = title.split(['(', '（', '[', '【']).next().unwrap_or_default();
    let kept = |c: &char| !c.is_whitespace() && !matches!(c, '*' | '＊' | ':' | '：' | '\u{FEFF}');
    title.chars().filter(kept).collect::<String>().to_lowercase()
}

fn labels(columns: &[Column]) -> String {
    columns.iter().map(|column| column.label()).collect::<Vec<_>>().join("、")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(titles: &[&str]) -> Vec<Cell> {
        titles.iter().map(|title| Cell::Text((*title).into())).collect()
    }

    #[test]
    fn columns_are_known_in_any_order_and_wording() {
        let titles = cells(&["序号", "党员类别 ", "入党时间", "所在党支部", "工作单位", "联系电话（必填）", "* 姓 名"]);
        let header = Header::recognise(&titles).expect("all six columns");
        assert_eq!(header.places, [6, 5, 4, 3, 2, 1]);
        assert_eq!(header.text(&cells(&["1", "在职"]), Column::Category), Ok("在职"));
        assert_eq!(header.text(&cells(&["1"]), Column::Name), Ok(""));
        let codes = cells(&["NAME", "phone", "unit", "party_organisation", "joined_on", "category"]);
        assert!(Header::recognise(&codes).is_ok());
    }

    #[test]
    fn missing_columns_are_named() {
        let refusal = Header::recognise(&cells(&["姓名", "手机号", "单位", "党组织"]));
        let refusal = refusal.expect_err("two columns are missing");
        assert!(refusal.to_string().starts_with("表头缺少这些列：入党日期、党员类别。"));
        assert_eq!(refusal.recognised(), 4);
        assert_eq!(Header::recognise(&[]).map_err(|e| e.recognised()), Err(0));
    }

    #[test]
    fn a_column_may_not_stand_twice() {
        let twice = cells(&["姓名", "手机号", "联系电话", "单位", "党组织", "入党日期", "党员类别"]);
        assert_eq!(Header::recognise(&twice), Err(HeaderError::Twice(Column::Phone)));
        assert_eq!(HeaderError::Twice(Column::Phone).to_string(), "表头里“手机号”这一列出现了两次");
    }
}
