#include "core/features/indexed_corpus.h"

#include "core/train/transcoder_training.h"

#include <algorithm>

namespace tt {

namespace {
/// The corpus that a transcoder was trained on; empty where that is not known (it came from elsewhere).
std::string trainedOn(const Workspace &workspace, const std::string &transcoder) {
    try {
        return readTranscoderRun(workspace, transcoder).config.corpus;
    } catch (const Error &) {
        return {};
    }
}
} // namespace

IndexedCorpus indexedCorpus(const Workspace &workspace, const ExplainedModel &model, const std::string &wanted,
                            std::stop_token stop, const ProgressSink &progress) {
    const std::filesystem::path file = workspace.transcoder(model.transcoderName) / "features.index";
    std::string corpus = wanted;
    const std::vector<std::string> there = workspace.corpora();
    for (const std::string &name :
         {FeatureIndex::corpusOf(file).value_or(""), trainedOn(workspace, model.transcoderName)})
        if (corpus.empty() && std::find(there.begin(), there.end(), name) != there.end())
            corpus = name;
    corpus = workspace.pickCorpus(corpus);
    TokenCache tokens = TokenCache::openOrBuild(workspace, corpus, workspace.pickTokenizer(model.gpt.config.tokenizer),
                                                std::move(stop), progress);
    IndexIdentity identity = identify(model.gpt, model.transcoder, tokens, corpus);
    return {std::move(tokens), std::move(identity), file};
}

} // namespace tt
