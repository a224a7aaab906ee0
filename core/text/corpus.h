#pragma once

#include "core/io/workspace.h"
#include "core/progress.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tt {

/// What separates two stories in every text of ours, alone on its line.
inline constexpr std::string_view endOfTextMark = "<|endoftext|>";

/// A text of stories in a workspace: corpus/<name>.txt, each story followed by "\n<|endoftext|>\n".
struct CorpusInfo {
    std::string name;
    std::string source; ///< "generated", or the imported file's name
    int64_t stories = 0;
    int64_t bytes = 0;       ///< of the .txt
    int64_t empty = 0;       ///< stories left out because they were empty
    int64_t invalidUtf8 = 0; ///< stories with bytes that are not UTF-8 (kept as they are)
    uint64_t seed = 0;       ///< of a generated one
    bool operator==(const CorpusInfo &) const = default;
};

/// Reads corpus/<name>.json.
CorpusInfo readCorpusInfo(const Workspace &workspace, const std::string &name);

/// Writes `stories` generated stories into a new corpus. Throws Error where the name is taken or 1 ≤ stories ≤ 10
/// million does not hold. A stop leaves nothing.
CorpusInfo generateCorpus(const Workspace &workspace, const std::string &name, int64_t stories, uint64_t seed,
                          std::stop_token stop, const ProgressSink &progress);
/// The same into a file outside a workspace (`corpus generate --out FILE`).
CorpusInfo generateStories(const std::filesystem::path &file, int64_t stories, uint64_t seed, std::stop_token stop,
                           const ProgressSink &progress);

/// Imports .txt files into one new corpus, streaming (memory bounded whatever the size). Stories end at <|endoftext|>;
/// where a file has none in all its length, at blank lines. CR LF becomes LF; a byte order mark and the blank lines
/// around a story are dropped. Throws Error (and leaves nothing) where a file cannot be read, is JSON, UTF-16 or binary
/// (a NUL byte), has a story of more than 16 MB, or no story is found.
CorpusInfo importCorpus(const Workspace &workspace, const std::string &name,
                        const std::vector<std::filesystem::path> &files, std::stop_token stop,
                        const ProgressSink &progress);

/// Calls `story` for every story of a text file with <|endoftext|> marks, in order; the view is valid during the call.
/// `story` returns false to stop early. Text is cleaned and refused as by importCorpus, empty stories are skipped.
void forEachStory(const std::filesystem::path &file, const std::function<bool(std::string_view)> &story);

} // namespace tt
