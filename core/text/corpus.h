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
    int64_t mojibake = 0;    ///< stories with characters that a wrong encoding left (kept as they are), see hasMojibake
    int64_t leftOutLines = 0;      ///< lines of .jsonl files that gave no story
    std::string firstLeftOut = {}; ///< the first of them and why: "line 418 of bedtime.jsonl is not JSON"
    uint64_t seed = 0;             ///< of a generated one
    bool operator==(const CorpusInfo &) const = default;
};

/// What a person should know of how a corpus came in, a sentence each: stories and lines left out, bytes that are not
/// UTF-8, mojibake. Empty where there is nothing to say.
std::vector<std::string> remarks(const CorpusInfo &info);

/// Reads corpus/<name>.json.
CorpusInfo readCorpusInfo(const Workspace &workspace, const std::string &name);

/// Writes `stories` generated stories into a new corpus. Throws Error where the name is taken or 1 ≤ stories ≤ 10
/// million does not hold. A stop leaves nothing.
CorpusInfo generateCorpus(const Workspace &workspace, const std::string &name, int64_t stories, uint64_t seed,
                          std::stop_token stop, const ProgressSink &progress);
/// The same into a file outside a workspace (`corpus generate --out FILE`).
CorpusInfo generateStories(const std::filesystem::path &file, int64_t stories, uint64_t seed, std::stop_token stop,
                           const ProgressSink &progress);

/// Imports .txt and .jsonl files into one new corpus, streaming (memory bounded whatever the size). Stories of a text
/// end at <|endoftext|>; where it has none in all its length, at blank lines. A line of a .jsonl file is an object
/// whose "text" or "story" is the story; other lines are left out and counted. CR LF becomes LF; a byte order mark and
/// the blank lines around a story are dropped. Throws Error (and leaves nothing) where a file cannot be read, has
/// another extension that is known (.json, .parquet …), is UTF-16 or binary (a NUL byte), has a story of more than 16
/// MB, or no story is found. `source` is what CorpusInfo says of where it came from; the files' name where it is empty.
CorpusInfo importCorpus(const Workspace &workspace, const std::string &name,
                        const std::vector<std::filesystem::path> &files, std::stop_token stop,
                        const ProgressSink &progress, const std::string &source = {});

/// Moves a corpus into the workspace's trash, from where restoreCorpus takes it back until emptyCorpusTrash; its token
/// caches are removed. Throws Error where there is none of the name.
void deleteCorpus(const Workspace &workspace, const std::string &name);
/// Throws Error where the trash has no such corpus, or the workspace has one of the name again.
void restoreCorpus(const Workspace &workspace, const std::string &name);
/// Removes for good what was deleted.
void emptyCorpusTrash(const Workspace &workspace);

/// Calls `story` for every story of a text file with <|endoftext|> marks, in order; the view is valid during the call.
/// `story` returns false to stop early. Text is cleaned and refused as by importCorpus, empty stories are skipped.
void forEachStory(const std::filesystem::path &file, const std::function<bool(std::string_view)> &story);

} // namespace tt
