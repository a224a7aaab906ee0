#include "core/text/token_cache.h"

#include "core/error.h"
#include "core/text/token_cache_impl.h"

#include <algorithm>

namespace tt {

TokenCache TokenCache::openOrBuild(const Workspace &workspace, const std::string &corpus, const std::string &tokenizer,
                                   std::stop_token stop, const ProgressSink &progress) {
    const TokenCacheSource source = describeTokenCache(workspace, corpus, tokenizer);
    std::shared_ptr<const OpenTokens> open = openTokens(source);
    if (!open) {
        workspace.requireWritable();
        buildTokens(source, stop, progress);
        open = openTokens(source);
    }
    if (!open)
        throw Error("The corpus " + corpus + " changed while it was being tokenised. Start again.");
    TokenCache cache;
    cache.narrow_ = open->narrow;
    cache.wide_ = open->wide;
    cache.size_ = open->size;
    cache.trainTokens_ = open->trainTokens;
    cache.heldOutBytes_ = open->heldOutBytes;
    cache.vocabSize_ = open->vocabSize;
    cache.owner_ = std::move(open);
    return cache;
}

TokenCache TokenCache::fromTokens(std::vector<int32_t> tokens, int64_t trainTokens, int64_t heldOutBytes,
                                  int vocabSize) {
    const auto size = static_cast<int64_t>(tokens.size());
    if (trainTokens < 0 || trainTokens > size)
        throw Error("Of " + std::to_string(size) + " tokens, " + std::to_string(trainTokens) + " cannot be trained on.",
                    Error::Kind::Usage);
    const auto owned = std::make_shared<const std::vector<uint32_t>>(tokens.begin(), tokens.end());
    TokenCache cache;
    cache.owner_ = owned;
    cache.wide_ = owned->data();
    cache.size_ = size;
    cache.trainTokens_ = trainTokens;
    cache.heldOutBytes_ = heldOutBytes;
    cache.vocabSize_ = vocabSize;
    return cache;
}

void TokenCache::read(int64_t begin, std::span<int32_t> out) const {
    const auto count = static_cast<int64_t>(out.size());
    if (begin < 0 || begin > size_ || count > size_ - begin)
        throw Error(std::to_string(count) + " tokens from token " + std::to_string(begin) + " on were asked of " +
                        std::to_string(size_) + ".",
                    Error::Kind::Usage);
    uint32_t largest = 0;
    for (int64_t i = 0; i < count; ++i) {
        const uint32_t id = narrow_ != nullptr ? narrow_[begin + i] : wide_[begin + i];
        largest = std::max(largest, id);
        out[static_cast<size_t>(i)] = static_cast<int32_t>(id);
    }
    if (count > 0 && largest >= static_cast<uint32_t>(vocabSize_))
        throw Error("The token cache holds token " + std::to_string(largest) + ", but the vocabulary has only " +
                    std::to_string(vocabSize_) + ". Delete the workspace's folder corpus/tokens; it is made anew.");
}

} // namespace tt
