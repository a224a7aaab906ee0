#include "core/io/workspace.h"

#include "core/io/file.h"
#include "core/io/json_impl.h"
#include "core/version.h"

#include <algorithm>
#include <cctype>
#include <functional>

namespace tt {

namespace fs = std::filesystem;

namespace {
constexpr size_t longestName = 64;

fs::file_time_type modified(const fs::path &path) {
    std::error_code error;
    const auto time = fs::last_write_time(path, error);
    return error ? fs::file_time_type::min() : time;
}

/// Names in `folder` whose marker file exists, newest marker first, ties by name.
std::vector<std::string> entries(const fs::path &folder, const std::function<fs::path(const fs::path &)> &marker) {
    std::vector<std::pair<fs::file_time_type, std::string>> found;
    std::error_code error;
    for (const auto &entry : fs::directory_iterator(folder, error)) {
        const fs::path file = marker(entry.path());
        if (!file.empty() && fs::exists(file, error))
            found.emplace_back(modified(file), entry.path().filename().string());
    }
    std::sort(found.begin(), found.end(), [](const auto &a, const auto &b) {
        return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    std::vector<std::string> names;
    for (auto &[time, name] : found)
        names.push_back(std::move(name));
    return names;
}

/// Names of the .json files in `folder`, without their ending, newest first.
std::vector<std::string> jsonFiles(const fs::path &folder) {
    auto names = entries(folder, [](const fs::path &path) { return path.extension() == ".json" ? path : fs::path(); });
    for (std::string &name : names)
        name.resize(name.size() - std::string_view(".json").size());
    return names;
}

std::string pick(const std::string &name, const std::vector<std::string> &names, const std::string &what,
                 const std::string &howToMake) {
    if (names.empty())
        throw Error("There is no " + what + " in this workspace yet. " + howToMake);
    if (name.empty())
        return names.front();
    if (std::find(names.begin(), names.end(), name) != names.end())
        return name;
    std::string list;
    for (const std::string &each : names)
        list += (list.empty() ? "" : ", ") + each;
    throw Error("There is no " + what + " named " + name + " in this workspace. There is: " + list + ".",
                Error::Kind::Usage);
}

void checkVersion(const fs::path &file) {
    const Json json = readJsonObject(file);
    const auto found = member<int64_t>(json, "version", file.string());
    if (found > Workspace::version)
        throw Error("The workspace " + file.parent_path().string() +
                    " was written by a newer TinyTranscoder (version " + std::to_string(found) +
                    " of the format, this program reads up to " + std::to_string(Workspace::version) +
                    "). Update the program to open it; nothing was changed.");
}
} // namespace

bool Workspace::isAt(const fs::path &folder) {
    std::error_code error; // a path too long is no workspace either
    return fs::exists(folder / "workspace.json", error);
}

Workspace Workspace::open(const fs::path &folder, Access access) {
    if (!isAt(folder))
        throw Error("There is no workspace at " + folder.string() + " (no workspace.json in it).");
    checkVersion(folder / "workspace.json");
    return {folder, access};
}

Workspace Workspace::openOrCreate(const fs::path &folder) {
    if (isAt(folder))
        return open(folder);
    makeFolder(folder);
    writeFileAtomically(
        folder / "workspace.json",
        writeJson({{"version", version}, {"program", std::string("TinyTranscoder ") + programVersion}}));
    return {folder, Access::Full};
}

void Workspace::requireWritable() const {
    if (readOnly())
        throw Error("The workspace " + folder_.string() + " is open read-only here, so nothing in it was changed.");
    requireWritableFolder(folder_);
}

fs::path Workspace::corpusText(const std::string &name) const {
    return folder_ / "corpus" / (name + ".txt");
}
fs::path Workspace::corpusInfo(const std::string &name) const {
    return folder_ / "corpus" / (name + ".json");
}
fs::path Workspace::tokens(const std::string &corpus, const std::string &tokenizer) const {
    return folder_ / "corpus" / "tokens" / (corpus + "." + tokenizer + ".bin");
}
fs::path Workspace::tokenizer(const std::string &id) const {
    return folder_ / "tokenizer" / id;
}
fs::path Workspace::gpt(const std::string &run) const {
    return folder_ / "gpt" / run;
}
fs::path Workspace::transcoder(const std::string &name) const {
    return folder_ / "transcoders" / name;
}
fs::path Workspace::activations() const {
    return folder_ / "activations";
}
fs::path Workspace::graph(const std::string &name) const {
    return folder_ / "graphs" / (name + ".json");
}
fs::path Workspace::downloads() const {
    return folder_ / "downloads";
}
fs::path Workspace::trash() const {
    return folder_ / "trash";
}

std::vector<std::string> Workspace::corpora() const {
    return jsonFiles(folder_ / "corpus");
}

std::vector<std::string> Workspace::tokenizers() const {
    return entries(folder_ / "tokenizer", [](const fs::path &path) {
        return fs::exists(path / "tokenizer.json") ? path / "tokenizer.json" : path / "encoder.json";
    });
}

std::vector<std::string> Workspace::gpts() const {
    return entries(folder_ / "gpt", [](const fs::path &path) { return path / "state.json"; });
}

std::vector<std::string> Workspace::transcoders() const {
    return entries(folder_ / "transcoders", [](const fs::path &path) { return path / "state.json"; });
}

std::vector<std::string> Workspace::graphs() const {
    return jsonFiles(folder_ / "graphs");
}

std::string Workspace::pickCorpus(const std::string &name) const {
    return pick(name, corpora(), "corpus", "Generate stories or import a text file first.");
}
std::string Workspace::pickTokenizer(const std::string &id) const {
    return pick(id, tokenizers(), "tokenizer", "Train one on a corpus, or take GPT-2's, first.");
}
std::string Workspace::pickGpt(const std::string &run) const {
    return pick(run, gpts(), "trained GPT", "Train one first.");
}
std::string Workspace::pickTranscoder(const std::string &name) const {
    return pick(name, transcoders(), "transcoder", "Train one for a GPT first.");
}

void checkName(const std::string &name, const std::string &what) {
    const bool fits = !name.empty() && name.size() <= longestName && name.front() != '.' &&
                      std::all_of(name.begin(), name.end(),
                                  [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_' || c == '.'; });
    if (!fits)
        throw Error("The name of the " + what + ", \"" + name +
                        "\", must be 1 to 64 letters, digits, '-', '_' or '.', and not start with a dot.",
                    Error::Kind::Usage);
}

std::string asName(const std::string &text, const std::string &fallback) {
    constexpr size_t roomForNumber = 8; // of freeName
    std::string name;
    for (const unsigned char c : text) {
        const bool fits = std::isalnum(c) || c == '-' || c == '_' || c == '.';
        if (fits)
            name += static_cast<char>(c);
        else if (!name.empty() && name.back() != '-')
            name += '-';
    }
    name.erase(0, std::min(name.size(), name.find_first_not_of(".-")));
    name.resize(std::min(name.size(), longestName - roomForNumber));
    while (name.ends_with('-'))
        name.pop_back();
    return name.empty() ? fallback : name;
}

std::string freeName(const std::string &base, const std::vector<std::string> &taken) {
    std::string name = base;
    for (int i = 2; std::find(taken.begin(), taken.end(), name) != taken.end(); ++i)
        name = base + "-" + std::to_string(i);
    return name;
}

} // namespace tt
