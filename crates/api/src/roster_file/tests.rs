use std::io::Write;

use super::*;

const LIMITS: Limits = Limits { unpacked: 1 << 20, rows: 5 };

const TITLES: &str = "姓名,手机号,单位,党组织,入党日期,党员类别";

async fn lines(file: impl Into<Vec<u8>>) -> Result<Vec<(u32, bool)>, FileError> {
    let today = NaiveDate::from_ymd_opt(2026, 11, 24).expect("a day");
    let mut reading = Reading::begin(file.into().into(), LIMITS, today);
    let mut found = Vec::new();
    while let Some(chunk) = reading.next().await? {
        found.extend(chunk.into_iter().map(|row| match row {
            Ok(row) => (row.line, true),
            Err(problems) => (problems[0].line, false),
        }));
    }
    Ok(found)
}

#[tokio::test]
async fn lines_are_counted_as_the_clerk_counts_them() {
    let good = "张三,13800001234,教育局,机关支部,2012/7/1,在职";
    let file = format!(
        "\u{FEFF}平城区名册,,,,,\r\n{TITLES}\r\n{good}\r\n\r\n{good}\r\n\"张\n三\",1,教育局,支部,x,在职\r\n{good}"
    );
    assert_eq!(lines(file).await.expect("four rows"), [(3, true), (5, true), (6, false), (8, true)]);
}

#[tokio::test]
async fn gb18030_is_read_and_noise_is_not() {
    let text = format!("{TITLES}\n张三,13800001234,教育局,机关支部,2012年7月1日,在职党员");
    let (bytes, _, _) = encoding_rs::GB18030.encode(&text);
    assert_eq!(lines(bytes.into_owned()).await.expect("one row"), [(2, true)]);
    assert!(matches!(lines(vec![0xFF; 40]).await, Err(FileError::Encoding)));
    assert!(matches!(lines(b"\xFF\xFEa\0b\0".to_vec()).await, Err(FileError::Encoding)));
}

#[tokio::test]
async fn files_that_are_no_roster_are_refused() {
    assert!(matches!(lines("").await, Err(FileError::Empty)));
    assert!(matches!(lines(TITLES).await, Err(FileError::Empty)));
    assert!(matches!(lines("姓名,手机号\n张三,1").await, Err(FileError::Header(_))));
    assert!(matches!(lines(b"PK\x03\x04broken".to_vec()).await, Err(FileError::Unreadable)));
    assert!(matches!(lines(b"\xD0\xCF\x11\xE0old".to_vec()).await, Err(FileError::OldExcel)));
    let many = format!("{TITLES}\n{}", "a,b,c,d,e,f\n".repeat(6));
    assert!(matches!(lines(many).await, Err(FileError::TooManyRows(5))));
}

#[tokio::test]
async fn a_workbook_that_swells_is_refused() {
    let mut package = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    package.start_file("xl/workbook.xml", zip::write::SimpleFileOptions::default()).expect("a part");
    package.write_all(&vec![b' '; 2 << 20]).expect("much of nothing");
    let file = package.finish().expect("a package").into_inner();
    assert!(file.len() < 10_000);
    assert!(matches!(lines(file).await, Err(FileError::TooLarge)));
}

#[tokio::test]
async fn a_workbook_is_read_with_its_dates_numbers_and_formulas() {
    let mut book = rust_xlsxwriter::Workbook::new();
    book.add_worksheet().write(0, 0, "说明").expect("a cell");
    let sheet = book.add_worksheet();
    for (column, title) in (0..).zip(TITLES.split(',')) {
        sheet.write(1, column, title).expect("a title");
    }
    let day = rust_xlsxwriter::ExcelDateTime::from_ymd(2012, 7, 1).expect("a day");
    let format = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
    for row in [2, 4] {
        for (column, text) in [(0, "张三"), (2, "教育局"), (3, "机关支部"), (5, "在职党员")] {
            sheet.write(row, column, text).expect("a cell");
        }
        sheet.write(row, 1, 13_800_001_234.0_f64).expect("a number");
        sheet.write_with_format(row, 4, &day, &format).expect("a date");
    }
    sheet.write_formula(4, 0, "=A3").expect("a formula");
    let file = book.save_to_buffer().expect("a workbook");
    assert_eq!(lines(file).await.expect("two rows"), [(3, true), (5, false)]);
}
