//! `search_knowledge_base`.

use jiff::Zoned;
use rmcp::schemars;
use schemars::JsonSchema;
use serde::Serialize;

use super::Retrieval;
use super::arguments::KnowledgeArguments;
use super::failure::ToolFailure;
use super::similarity::{Search, Similarity, search};
use crate::records::Article;
use crate::words::{Language, language};

pub(crate) const ALIASES: &[(&str, &str)] =
    &[("limit", "top_k"), ("k", "top_k"), ("question", "query"), ("lang", "language")];

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Articles {
    pub success: bool,
    /// Best first. Articles in the language of the query come first when both languages have them.
    pub articles: Vec<ArticleFound>,
    pub total_found: usize,
    #[serde(flatten)]
    pub found_by: Similarity,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ArticleFound {
    pub article_id: String,
    pub title: String,
    pub language: String,
    pub category: String,
    pub content: String,
    pub score: f32,
}

impl Retrieval {
    pub(crate) async fn articles(&self, arguments: KnowledgeArguments) -> Result<Articles, ToolFailure> {
        if arguments.query.is_empty() {
            return Err(ToolFailure::argument("query: must not be empty"));
        }
        let corpus = self.library.corpus();
        let today = Zoned::now().date();
        let spoken = match language(&arguments.query) {
            _ if arguments.language.is_some() => arguments.language.as_deref(),
            Language::French => Some("fr"),
            Language::English => Some("en"),
            Language::Unknown => None,
        };
        let keep = |article: &Article| {
            article.in_effect(today)
                && arguments.language.as_ref().is_none_or(|wanted| article.language == *wanted)
                && (arguments.category.is_empty() || article.category.eq_ignore_ascii_case(&arguments.category))
        };
        let asked = Search { text: &arguments.query, limit: arguments.top_k * 2, min_similarity: -1.0, fill: false };
        let (mut hits, found_by) = search(&self.library, &corpus.articles, asked, keep).await;
        // Stable: within a language the order of relevance stays.
        hits.sort_by_key(|hit| {
            spoken.is_some_and(|spoken| !hit.item.language.is_empty() && hit.item.language != spoken)
        });
        hits.truncate(arguments.top_k);
        let articles: Vec<ArticleFound> = hits
            .into_iter()
            .map(|hit| ArticleFound {
                article_id: hit.item.article_id.clone(),
                title: hit.item.title.clone(),
                language: hit.item.language.clone(),
                category: hit.item.category.clone(),
                content: hit.item.content.clone(),
                score: (hit.similarity * 1_000.0).round() / 1_000.0,
            })
            .collect();
        Ok(Articles { success: true, total_found: articles.len(), articles, found_by })
    }
}
