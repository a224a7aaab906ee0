#pragma once

#include "core/features/explained_model.h"
#include "core/features/feature_index_build.h"

namespace tt {

/// The tokens that a transcoder's index is made from, and where the index is.
struct IndexedCorpus {
    TokenCache tokens;
    IndexIdentity identity;
    std::filesystem::path file; ///< transcoders/<name>/features.index
    [[nodiscard]] FeatureIndex open() const { return FeatureIndex::open(file, identity); }
};
/// Of `corpus`; if empty, of the corpus of the index that is there, else of the one the transcoder was trained on, else
/// of the newest. Tokenises it where that has not been done.
IndexedCorpus indexedCorpus(const Workspace &workspace, const ExplainedModel &model, const std::string &corpus,
                            std::stop_token stop, const ProgressSink &progress);

} // namespace tt
