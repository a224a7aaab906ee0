#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tt {

/// A folder with everything a person made: corpora, tokenizers, GPTs, transcoders, graphs. This class knows where
/// things are and which there are; what is in them, the readers of each part know. Plain value: copy it freely.
class Workspace {
public:
    static constexpr int version = 1;
    enum class Access { Full, ReadOnly };

    /// Opens an existing workspace. Throws Error where there is none, it cannot be read, or a newer program wrote it.
    static Workspace open(const std::filesystem::path &folder, Access access = Access::Full);
    static bool isAt(const std::filesystem::path &folder); ///< whether there is one
    /// Opens or makes one (workspace.json and the folder).
    static Workspace openOrCreate(const std::filesystem::path &folder);

    [[nodiscard]] const std::filesystem::path &folder() const { return folder_; }
    [[nodiscard]] bool readOnly() const { return access_ == Access::ReadOnly; }
    /// Throws Error where it was opened read-only, or nothing can be written in its folder. Whatever changes a
    /// workspace asks this first.
    void requireWritable() const;
    [[nodiscard]] std::filesystem::path corpusText(const std::string &name) const; ///< corpus/<name>.txt
    [[nodiscard]] std::filesystem::path corpusInfo(const std::string &name) const; ///< corpus/<name>.json
    [[nodiscard]] std::filesystem::path tokens(const std::string &corpus, const std::string &tokenizer) const;
    [[nodiscard]] std::filesystem::path tokenizer(const std::string &id) const; ///< tokenizer/<id>/
    [[nodiscard]] std::filesystem::path gpt(const std::string &run) const;      ///< gpt/<run>/
    [[nodiscard]] std::filesystem::path transcoder(const std::string &name) const;
    [[nodiscard]] std::filesystem::path activations() const; ///< activations/, a folder for each GPT and corpus
    [[nodiscard]] std::filesystem::path graph(const std::string &name) const; ///< graphs/<name>.json
    [[nodiscard]] std::filesystem::path downloads() const;                    ///< downloads/, what is being fetched
    [[nodiscard]] std::filesystem::path trash() const; ///< trash/, what a deletion can be undone from

    /// Names, newest first. Only complete entries count (a corpus with its .json, a GPT with its weights, …).
    [[nodiscard]] std::vector<std::string> corpora() const;
    [[nodiscard]] std::vector<std::string> tokenizers() const;
    [[nodiscard]] std::vector<std::string> gpts() const;
    [[nodiscard]] std::vector<std::string> transcoders() const;
    [[nodiscard]] std::vector<std::string> graphs() const;

    /// `name` if given and there, else the newest of `names`; throws Error that says what there is and how to make one.
    [[nodiscard]] std::string pickCorpus(const std::string &name) const;
    [[nodiscard]] std::string pickTokenizer(const std::string &id) const;
    [[nodiscard]] std::string pickGpt(const std::string &run) const;
    [[nodiscard]] std::string pickTranscoder(const std::string &name) const;

private:
    Workspace(std::filesystem::path folder, Access access) : folder_(std::move(folder)), access_(access) {}
    std::filesystem::path folder_;
    Access access_ = Access::Full;
};

/// Throws Error(Usage) unless `name` can be a file name everywhere: letters, digits, '-', '_', '.', at most 64, not
/// starting with a dot.
void checkName(const std::string &name, const std::string &what);
/// `text` with what checkName refuses replaced by '-', and cut to its length; `fallback` where nothing is left.
std::string asName(const std::string &text, const std::string &fallback);
/// The first of "base", "base-2", "base-3", … that is not in `taken`.
std::string freeName(const std::string &base, const std::vector<std::string> &taken);

} // namespace tt
