#pragma once

#include "app/cli/context.h"
#include "core/features/indexed_corpus.h"

namespace tt::cli {

/// Makes the index unless it is up to date (or `again`); whether it was made.
bool indexStage(Context &context, const ExplainedModel &model, const IndexedCorpus &corpus, bool again);
/// What `features index` says of it.
Json toJson(const FeatureIndex &index, const ExplainedModel &model, const IndexedCorpus &corpus);

/// Subcommands of `features`.
void addFeatureIndex(CLI::App &group, Context &context);
void addFeatureCeEffects(CLI::App &group, Context &context);
void addFeatureLabelChecks(CLI::App &group, Context &context);
void addFeatureCards(CLI::App &group, Context &context); // show, search, label, export

} // namespace tt::cli
