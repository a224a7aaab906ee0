#include "core/text/word_runs.h"

#include "core/error.h"

#include <functional>
#include <vector>

namespace tt {

namespace {
/// Calls `run` with the hash of each run until it returns false.
void forEachRun(std::string_view text, size_t length, const std::function<bool(uint64_t)> &run) {
    constexpr std::string_view blanks = " \t\r\n";
    std::vector<uint64_t> words;
    for (size_t from = text.find_first_not_of(blanks); from != std::string_view::npos;) {
        const size_t end = std::min(text.find_first_of(blanks, from), text.size());
        words.push_back(std::hash<std::string_view>()(text.substr(from, end - from)));
        from = text.find_first_not_of(blanks, end);
    }
    for (size_t first = 0; first + length <= words.size(); ++first) {
        uint64_t hash = 14'695'981'039'346'656'037u; // FNV-1a over the words' hashes
        for (size_t i = first; i < first + length; ++i)
            hash = (hash ^ words[i]) * 1'099'511'628'211u;
        if (!run(hash))
            return;
    }
}
} // namespace

WordRuns::WordRuns(int length) : length_(static_cast<size_t>(length)) {
    if (length < 1)
        throw Error("A run has at least one word.", Error::Kind::Usage);
}

void WordRuns::add(std::string_view text) {
    forEachRun(text, length_, [this](uint64_t hash) {
        runs_.insert(hash);
        return true;
    });
}

bool WordRuns::shares(std::string_view text) const {
    bool found = false;
    forEachRun(text, length_, [&](uint64_t hash) {
        found = runs_.contains(hash);
        return !found;
    });
    return found;
}

} // namespace tt
