#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace tt {

/// Finds stories of a corpus text by number, without reading it into memory: where every 256th story begins is
/// remembered as far as was looked. The first look far into a large text takes as long as reading up to there.
/// Not for two threads at once.
class StoryIndex {
public:
    /// Throws Error where the file cannot be read.
    explicit StoryIndex(std::filesystem::path path);

    struct Story {
        std::string text; ///< without the line feeds around it
        bool cut = false; ///< it is longer than `mostBytes`
    };
    /// Story `number`, counted from 0 by the <|endoftext|> marks, or nothing where the text has fewer.
    std::optional<Story> story(int64_t number, size_t mostBytes, const std::stop_token &stop);

private:
    struct Close {
        void operator()(std::FILE *file) const { std::fclose(file); }
    };
    [[nodiscard]] std::string readAt(int64_t offset, size_t most) const;
    [[nodiscard]] std::optional<int64_t> markAfter(int64_t offset, const std::stop_token &stop) const;

    std::filesystem::path path_;
    std::unique_ptr<std::FILE, Close> file_;
    std::vector<int64_t> starts_{0}; ///< of story 0, 256, 512, …
};

} // namespace tt
