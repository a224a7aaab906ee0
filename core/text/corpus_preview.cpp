#include "core/text/corpus_preview.h"

#include "core/error.h"
#include "core/text/corpus.h"

#include <algorithm>
#include <set>

namespace tt {

namespace {

constexpr size_t longestShown = size_t{64} << 10U;

PreviewToken explained(const Tokenizer &tokenizer, int32_t id) {
    PreviewToken token{.id = id, .bytes = std::string(tokenizer.bytes(id)), .left = {}, .right = {}};
    if (const auto parts = tokenizer.parts(id)) {
        token.left = tokenizer.bytes(parts->first);
        token.right = tokenizer.bytes(parts->second);
    }
    return token;
}

} // namespace

const PreviewToken &StoryPreview::token(int32_t id) const {
    const auto found = std::lower_bound(vocabulary.begin(), vocabulary.end(), id,
                                        [](const PreviewToken &token, int32_t wanted) { return token.id < wanted; });
    if (found == vocabulary.end() || found->id != id)
        throw Error("Token " + std::to_string(id) + " is not in this preview.", Error::Kind::Usage);
    return *found;
}

CorpusPreview::CorpusPreview(const Workspace &workspace, std::string corpus, std::string tokenizer)
    : corpus_(std::move(corpus)), tokenizer_(std::move(tokenizer)),
      corpusStories_(readCorpusInfo(workspace, corpus_).stories),
      loaded_(Tokenizer::load(workspace.tokenizer(tokenizer_))), index_(workspace.corpusText(corpus_)) {}

StoryPreview CorpusPreview::stories(int64_t first, size_t mostTokens, const std::stop_token &stop) {
    StoryPreview preview{.corpus = corpus_,
                         .tokenizer = tokenizer_,
                         .first = first,
                         .corpusStories = corpusStories_,
                         .endOfText = loaded_.endOfText(),
                         .ids = {},
                         .vocabulary = {}};
    while (!preview.cut && (preview.stories == 0 || preview.ids.size() < mostTokens)) {
        const auto story = index_.story(first + preview.stories, longestShown, stop);
        if (!story)
            break;
        if (preview.stories > 0 && story->cut)
            break; // a long one is shown alone
        const std::vector<int32_t> ids = loaded_.encodeOrdinary(story->text);
        preview.ids.insert(preview.ids.end(), ids.begin(), ids.end());
        preview.cut = story->cut;
        if (!story->cut)
            preview.ids.push_back(preview.endOfText);
        ++preview.stories;
    }
    if (preview.stories == 0)
        throw Error("The corpus " + corpus_ + " has no story " + std::to_string(first) + ": stories count from 0 to " +
                        std::to_string(corpusStories_ - 1) + ".",
                    Error::Kind::Usage);
    for (const int32_t id : std::set<int32_t>(preview.ids.begin(), preview.ids.end()))
        preview.vocabulary.push_back(explained(loaded_, id));
    return preview;
}

} // namespace tt
