#pragma once

#include "core/io/file.h"
#include "core/text/corpus.h"

namespace tt {

/// A corpus text being written; without commit() nothing is left.
class CorpusWriter {
public:
    CorpusWriter(const std::filesystem::path &file, CorpusInfo info) : file_(file), info_(std::move(info)) {}
    /// Writes the story and its end-of-text mark and counts it.
    void add(std::string_view story);
    void addEmpty(int64_t stories) { info_.empty += stories; }
    /// `first` describes the first of the lines; it is kept where none was left out before.
    void addLeftOut(int64_t lines, const std::string &first) {
        if (info_.leftOutLines == 0)
            info_.firstLeftOut = first;
        info_.leftOutLines += lines;
    }
    void setSource(std::string source) { info_.source = std::move(source); }
    void commit() { file_.commit(); }
    [[nodiscard]] const CorpusInfo &info() const { return info_; }

private:
    AtomicFile file_;
    CorpusInfo info_;
};

/// Adds the stories of .txt and .jsonl files: see importCorpus.
void importFiles(CorpusWriter &writer, const std::vector<std::filesystem::path> &files, const std::stop_token &stop,
                 const ProgressSink &progress);

} // namespace tt
