//! Record-level authorization: which rows of a table an actor may read and change, beyond what their permissions say.
//!
//! A PSA narrows what an actor may see by rules in bundles (`authorization_bundle*`), assigned to users, roles and
//! teams. Every rule narrows, so all of them must hold. What cannot be judged refuses: a rule of a kind that is not known
//! here, one with a constraint, one over a column that the table does not have, rules that cannot be read. A rule whose
//! resource or action may be meant for the rows narrows them.

use sea_query::{Alias, Cond, Condition, Expr, ExprTrait, JoinType, Query};
use uuid::Uuid;

use super::column::ColumnValue;
use super::table::{Authorization, ColumnType, Table};
use super::{RawRow, TENANT};
use crate::call::session::values;
use crate::database::{Engine, Tx};
use crate::error::{Error, Result};
use crate::value::Value;

/// The rules of one actor. They are read when a statement needs them first.
#[derive(Debug)]
pub(crate) struct Records {
    tenant: Uuid,
    actor: Uuid,
    rules: Option<Vec<Rule>>,
}

/// A rule as the database has it.
#[derive(Debug)]
struct Rule {
    resource: String,
    action: String,
    narrowing: Narrowing,
}

/// The rows that a rule leaves.
#[derive(Debug, PartialEq, Eq)]
enum Narrowing {
    /// Those of the actor.
    Own,
    /// Those of the actor and of members of their teams.
    Team,
    /// Those of these clients.
    Clients(Vec<Uuid>),
    /// None: it cannot be judged.
    Unknown,
}

/// What a statement does with the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Reads them.
    Read,
    /// Reads them in order to change them.
    Update,
}

impl Access {
    /// As rules and permissions name it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Update => "update",
        }
    }
}

impl Records {
    pub(crate) fn new(tenant: Uuid, actor: Uuid) -> Self {
        Self { tenant, actor, rules: None }
    }

    /// What rows of a table must fulfil; `None` when nothing narrows them.
    ///
    /// # Errors
    ///
    /// `PERMISSION_DENIED` when the rules cannot be read; `TRANSIENT_FAILURE` when that may pass.
    pub(crate) async fn condition(
        &mut self,
        tx: &mut Tx,
        table: &'static Table,
        access: Access,
    ) -> Result<Option<Condition>> {
        let Some(authorization) = &table.authorization else { return Ok(None) };
        if self.rules.is_none() {
            self.rules = Some(self.load(tx).await.map_err(|error| refuse(error, authorization, access))?);
        }
        let applies = |rule: &&Rule| rule.concerns(authorization.resources) && rule.narrows(access);
        let mut narrowings: Vec<&Narrowing> =
            self.rules.iter().flatten().filter(applies).map(|rule| &rule.narrowing).collect();
        narrowings.dedup();
        if narrowings.is_empty() {
            return Ok(None);
        }
        let engine = tx.engine();
        let all = narrowings.into_iter().map(|one| self.holds(one, table, authorization, engine));
        Ok(Some(all.fold(Cond::all(), Condition::add)))
    }

    async fn load(&self, tx: &mut Tx) -> Result<Vec<Rule>> {
        let engine = tx.engine();
        let [tenant, actor] = [self.tenant, self.actor].map(|id| id.encode(ColumnType::Uuid, engine));
        let rows = tx.query_sql(RULES, values([tenant, actor])).await?;
        rows.iter().map(Rule::of).collect()
    }

    fn holds(&self, one: &Narrowing, table: &'static Table, columns: &Authorization, engine: Engine) -> Expr {
        let own = |column: &'static str| {
            Expr::col((table.name, column)).eq(Expr::val(self.actor.encode(ColumnType::Uuid, engine)))
        };
        match (one, columns.owner, columns.client) {
            (Narrowing::Own, Some(owner), _) => own(owner),
            (Narrowing::Team, Some(owner), _) => {
                own(owner).or(Expr::col((table.name, owner)).in_subquery(self.team(engine)))
            }
            (Narrowing::Clients(clients), _, Some(client)) => Expr::col((table.name, client))
                .is_in(clients.iter().map(|id| Expr::val(id.encode(ColumnType::Uuid, engine)))),
            _ => Expr::val(1).eq(Expr::val(0)),
        }
    }

    /// The members of the actor's teams.
    fn team(&self, engine: Engine) -> sea_query::SelectStatement {
        let [tenant, actor] = [self.tenant, self.actor].map(|id| id.encode(ColumnType::Uuid, engine));
        let (mine, theirs) = (Alias::new("mine"), Alias::new("theirs"));
        let same_team = Cond::all()
            .add(Expr::col((theirs.clone(), TENANT)).equals((mine.clone(), TENANT)))
            .add(Expr::col((theirs.clone(), "team_id")).equals((mine.clone(), "team_id")));
        Query::select()
            .column((theirs.clone(), "user_id"))
            .from_as("team_members", mine.clone())
            .join_as(JoinType::InnerJoin, "team_members", theirs, same_team)
            .and_where(Expr::col((mine.clone(), TENANT)).eq(Expr::val(tenant)))
            .and_where(Expr::col((mine, "user_id")).eq(Expr::val(actor)))
            .take()
    }
}

/// A lookup that failed refuses. One that may succeed later says so, and grants nothing either.
fn refuse(error: Error, authorization: &Authorization, access: Access) -> Error {
    if error.retryable() { error } else { Error::record_denied(authorization.resources, access.as_str()) }
}

impl Rule {
    fn of(row: &RawRow) -> Result<Self> {
        let template: String = row.get(2, ColumnType::Text)?;
        let constraint: Option<String> = row.get(3, ColumnType::Text)?;
        let config: Value = row.get(4, ColumnType::Json)?;
        Ok(Self {
            resource: row.get(0, ColumnType::Text)?,
            action: row.get(1, ColumnType::Text)?,
            narrowing: if constraint.is_some() { Narrowing::Unknown } else { Narrowing::of(&template, &config) },
        })
    }

    /// Whether the rule is, or may be, about one of these resources. There are many others, all with plain names; what is no
    /// plain name, such as `*`, may stand for any of them.
    fn concerns(&self, resources: &[&str]) -> bool {
        let name = self.resource.trim().to_lowercase();
        let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        let ours = |ours: &&str| name == **ours || name.strip_suffix('s') == Some(ours);
        !plain || ["all", "any"].contains(&name.as_str()) || resources.iter().any(ours)
    }

    /// Whether the rule is, or may be, about this access. Who reads in order to change reads, too. Only creating and deleting
    /// are neither, so an action that is not known here, such as `manage`, is taken for both.
    fn narrows(&self, access: Access) -> bool {
        match self.action.as_str() {
            "create" | "delete" => false,
            "update" => access == Access::Update,
            _ => true,
        }
    }
}

impl Narrowing {
    fn of(template: &str, config: &Value) -> Self {
        match template {
            "own" => Self::Own,
            "team" => Self::Team,
            "selected_clients" => Self::clients(config).map_or(Self::Unknown, Self::Clients),
            _ => Self::Unknown,
        }
    }

    fn clients(config: &Value) -> Option<Vec<Uuid>> {
        let ids = config.get("client_ids").or_else(|| config.get("clientIds"))?.as_array()?;
        ids.iter().map(|id| Uuid::parse_str(id.as_str()?).ok()).collect()
    }
}

/// The published rules of all bundles that reach the actor. Parameters: tenant, actor.
const RULES: &str = "SELECT r.resource_type, r.action, r.template_key, r.constraint_key, r.config \
    FROM authorization_bundle_assignments a \
    JOIN authorization_bundles b ON b.tenant = a.tenant AND b.bundle_id = a.bundle_id AND b.status = 'active' \
    JOIN authorization_bundle_rules r ON r.tenant = b.tenant AND r.bundle_id = b.bundle_id \
    AND r.revision_id = b.published_revision_id \
    WHERE a.tenant = $1 AND a.status = 'active' AND (a.target_type = 'user' AND a.target_id = $2 \
    OR a.target_type = 'role' AND a.target_id IN \
    (SELECT ur.role_id FROM user_roles ur WHERE ur.tenant = $1 AND ur.user_id = $2) \
    OR a.target_type = 'team' AND a.target_id IN \
    (SELECT tm.team_id FROM team_members tm WHERE tm.tenant = $1 AND tm.user_id = $2))";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What names another resource or another action is left to those. What may mean ours narrows.
    #[test]
    fn rules_that_may_be_meant_narrow() {
        let rule = |resource: &str, action: &str| {
            let (resource, action) = (resource.to_owned(), action.to_owned());
            Rule { resource, action, narrowing: Narrowing::Own }
        };
        for resource in
            ["billing", "quote", "quotes", "Quote", " quote ", "*", "", " ", "all", "any", "quote.*", "billing:quote"]
        {
            assert!(rule(resource, "read").concerns(&["billing", "quote"]), "{resource:?}");
        }
        for resource in ["ticket", "client", "time_entry", "time-entry", "quote_template", "billing_settings"] {
            assert!(!rule(resource, "read").concerns(&["billing", "quote"]), "{resource:?}");
        }
        for (action, reading, updating) in [
            ("read", true, true),
            ("update", false, true),
            ("create", false, false),
            ("delete", false, false),
            ("*", true, true),
            ("manage", true, true),
            ("list", true, true),
            ("", true, true),
            ("Update", true, true),
        ] {
            let rule = rule("quote", action);
            assert_eq!([rule.narrows(Access::Read), rule.narrows(Access::Update)], [reading, updating], "{action:?}");
        }
    }

    /// Ids in a form that is not understood must not become "no clients to narrow by".
    #[test]
    fn what_cannot_be_judged_is_unknown() {
        let client = Uuid::from_u128(7);
        let known = json!({ "client_ids": [client.to_string().to_uppercase()] });
        assert_eq!(Narrowing::of("selected_clients", &known), Narrowing::Clients(vec![client]));
        for config in [json!({}), json!({ "client_ids": "all" }), json!({ "client_ids": [client, 7] }), Value::Null] {
            assert_eq!(Narrowing::of("selected_clients", &config), Narrowing::Unknown, "{config}");
        }
        assert_eq!(Narrowing::of("", &json!({})), Narrowing::Unknown);
    }
}
