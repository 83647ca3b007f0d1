//! The schema: what can be asked.

use async_graphql::{Context, Object, Result, ServerError};

use super::loader::Levels;
use crate::domain::{ProductId, StockLevel};

/// The default and the greatest number of products in a list.
const DEFAULT_ROWS: i32 = 50;
const MOST_ROWS: i32 = 1_000;

/// The root of every query.
pub(super) struct Query;

/// A product with its stock.
pub(super) struct Product(StockLevel);

#[Object]
impl Query {
    /// The product with this number; null if there is none.
    async fn product(&self, context: &Context<'_>, id: String) -> Result<Option<Product>> {
        Ok(level(context, &id).await?.map(Product))
    }

    /// How many pieces of the product with this number are in stock; null if there is no such product.
    async fn stock_level(&self, context: &Context<'_>, product_id: String) -> Result<Option<i32>> {
        Ok(level(context, &product_id).await?.and_then(|level| int(context, level.quantity)))
    }

    /// Products sorted by number, from after the given one: 50 unless a limit says otherwise, and 1,000 at most.
    #[graphql(complexity = "rows(limit) * (1 + child_complexity)")]
    async fn products(&self, context: &Context<'_>, after: Option<i32>, limit: Option<i32>) -> Result<Vec<Product>> {
        let after = u64::try_from(after.unwrap_or(0)).map_err(|_| "after is a number from 0")?;
        let limit = limit.unwrap_or(DEFAULT_ROWS);
        if !(1..=MOST_ROWS).contains(&limit) {
            return Err(format!("limit is a number from 1 to {MOST_ROWS}").into());
        }
        let levels = context.data::<Levels>()?.after(after, limit.unsigned_abs()).await?;
        Ok(levels.into_iter().map(Product).collect())
    }
}

#[Object]
impl Product {
    /// The number of the product.
    async fn id(&self, context: &Context<'_>) -> Option<i32> {
        int(context, self.0.product.id.get())
    }

    /// The name of the product.
    async fn name(&self) -> Option<&str> {
        Some(&self.0.product.name)
    }

    /// The stock keeping unit.
    async fn sku(&self) -> Option<&str> {
        Some(&self.0.product.sku)
    }

    /// The price of one piece.
    async fn price(&self) -> Option<f64> {
        Some(self.0.product.price.get() as f64 / 100.0)
    }

    /// How many pieces are in stock.
    async fn quantity(&self, context: &Context<'_>) -> Option<i32> {
        int(context, self.0.quantity)
    }
}

/// How many rows a list may have, for the work of a query. An argument that is refused has none.
fn rows(limit: Option<i32>) -> usize {
    usize::try_from(limit.unwrap_or(DEFAULT_ROWS)).unwrap_or(0)
}

/// A number of GraphQL's type Int, which has 32 bits. A larger one is null, with an error; as the result of a field, the
/// library would leave the field out.
fn int(context: &Context<'_>, number: u64) -> Option<i32> {
    let int = i32::try_from(number).ok();
    if int.is_none() {
        let sentence = "the number is too large for GraphQL: ask for it with GET";
        context.add_error(context.set_error_path(ServerError::new(sentence, Some(context.item.pos))));
    }
    int
}

/// The product of a number that is given as text, together with all others that are asked for beside it.
async fn level(context: &Context<'_>, id: &str) -> Result<Option<StockLevel>> {
    // Every product is named by a number, so any other text names none.
    let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    match id.parse().ok().filter(|_| digits) {
        Some(id) => Ok(context.data::<Levels>()?.one(ProductId::new(id)).await?),
        None => Ok(None),
    }
}
