//! A table as one sentence: columns, then the constraints by name. `SQLite` cannot add constraints later, so all stand here.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm;

pub(crate) struct Definition {
    name: &'static str,
    statement: TableCreateStatement,
    indexes: Vec<String>,
}

pub(crate) fn table<const N: usize>(name: &'static str, columns: [ColumnDef; N]) -> Definition {
    let mut statement = Table::create().table(name).to_owned();
    for column in columns {
        statement.col(column);
    }
    Definition { name, statement, indexes: Vec::new() }
}

impl Definition {
    /// Further columns, of a table with too many for one list.
    pub(crate) fn with<const N: usize>(mut self, columns: [ColumnDef; N]) -> Self {
        for column in columns {
            self.statement.col(column);
        }
        self
    }

    /// `CHECK` named `<table>_<rule>`, so that a violation says which rule was broken.
    pub(crate) fn check(mut self, rule: &str, expression: &'static str) -> Self {
        let name = Alias::new(format!("{}_{rule}", self.name));
        self.statement.check((name, Expr::cust(expression)));
        self
    }

    pub(crate) fn one_of(self, column: &'static str, values: &[&str]) -> Self {
        let name = Alias::new(format!("{}_{column}", self.name));
        let mut definition = self;
        definition.statement.check((name, Expr::col(column).is_in(values.iter().copied())));
        definition
    }

    pub(crate) fn references(mut self, column: &'static str, target: &'static str) -> Self {
        self.statement.foreign_key(
            ForeignKey::create()
                .name(format!("{}_{column}_exists", self.name))
                .from(self.name, column)
                .to(target, "id"),
        );
        self
    }

    pub(crate) fn key<const N: usize>(mut self, columns: [&'static str; N]) -> Self {
        let mut index = Index::create();
        for column in columns {
            index.col(column);
        }
        self.statement.primary_key(&mut index);
        self
    }

    pub(crate) fn unique<const N: usize>(self, columns: [&'static str; N]) -> Self {
        let condition = String::new();
        self.push_index("UNIQUE INDEX", "unique", &columns, condition)
    }

    /// Unique among the rows that meet a condition, as in "one open residency per member".
    pub(crate) fn unique_where<const N: usize>(self, columns: [&'static str; N], condition: &str) -> Self {
        self.push_index("UNIQUE INDEX", "open", &columns, format!(" WHERE {condition}"))
    }

    pub(crate) fn index<const N: usize>(self, columns: [&'static str; N]) -> Self {
        let condition = String::new();
        self.push_index("INDEX", "by", &columns, condition)
    }

    /// An index of only those rows that are looked for, as in "lots that still hold something".
    pub(crate) fn index_where<const N: usize>(self, columns: [&'static str; N], condition: &str) -> Self {
        self.push_index("INDEX", "by", &columns, format!(" WHERE {condition}"))
    }

    fn push_index(mut self, kind: &str, suffix: &str, columns: &[&str], condition: String) -> Self {
        self.indexes.push(format!(
            "CREATE {kind} {table}_{suffix}_{name} ON {table} ({list}){condition}",
            table = self.name,
            name = columns.join("_"),
            list = columns.join(", "),
        ));
        self
    }

    pub(crate) async fn create(self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        manager.create_table(self.statement).await?;
        for index in self.indexes {
            manager.get_connection().execute_unprepared(&index).await?;
        }
        Ok(())
    }
}

/// Makes the database itself refuse to change or remove rows of an append-only table.
pub(crate) async fn append_only(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    if manager.get_database_backend() == sea_orm::DbBackend::Sqlite {
        for action in ["UPDATE", "DELETE"] {
            let name = action.to_lowercase();
            connection
                .execute_unprepared(&format!(
                    "CREATE TRIGGER {table}_no_{name} BEFORE {action} ON {table} \
                     BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                ))
                .await?;
        }
        return Ok(());
    }
    connection
        .execute_unprepared(
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$",
        )
        .await?;
    connection
        .execute_unprepared(&format!(
            "CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} \
             FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        ))
        .await?;
    Ok(())
}
