#pragma once

#include "core/io/workspace.h"
#include "core/progress.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

namespace tt {

/// What a token cache is made from, and the state of it that a cache must have been made from to be used again.
struct TokenCacheSource {
    std::string corpus, tokenizer;
    std::filesystem::path text, tokenizerFolder, cache;
    std::map<std::string, std::string> identity; ///< part of the file's metadata: sizes, times, hashes
};

/// Throws Error where the corpus or the tokenizer is missing.
TokenCacheSource describeTokenCache(const Workspace &workspace, const std::string &corpus,
                                    const std::string &tokenizer);

/// A mapped cache file.
struct OpenTokens {
    std::shared_ptr<const void> file;
    const uint16_t *narrow = nullptr;
    const uint32_t *wide = nullptr;
    int64_t size = 0, trainTokens = 0, heldOutBytes = 0;
    int vocabSize = 0;
};

/// The cache of `source`, or nullptr where it is missing, damaged or made from something else.
std::shared_ptr<const OpenTokens> openTokens(const TokenCacheSource &source);

/// Tokenises the corpus into source.cache, in parallel and streaming; the file depends on nothing but corpus and
/// tokenizer. Throws Error where the corpus has no story, Error(Cancelled) on a stop; then nothing is left.
void buildTokens(const TokenCacheSource &source, const std::stop_token &stop, const ProgressSink &progress);

} // namespace tt
