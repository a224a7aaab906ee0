#include "core/io/file.h"
#include "core/text/corpus.h"

namespace tt {

namespace fs = std::filesystem;

namespace {

fs::path placeInTrash(const Workspace &workspace, const std::string &name) {
    return workspace.trash() / "corpus" / name;
}

void move(const fs::path &from, const fs::path &to) {
    std::error_code error;
    fs::rename(from, to, error);
    if (error)
        throw Error("Cannot move " + from.string() + " to " + to.string() + ": " + error.message() + ".");
}

} // namespace

/// The .json goes first and comes back last: a corpus exists as long as its .json does.
void deleteCorpus(const Workspace &workspace, const std::string &name) {
    workspace.requireWritable();
    checkName(name, "corpus");
    if (!fs::exists(workspace.corpusInfo(name)))
        throw Error("There is no corpus named " + name + " in " + workspace.folder().string() + ".",
                    Error::Kind::Usage);
    const fs::path place = placeInTrash(workspace, name);
    std::error_code ignored;
    fs::remove_all(place, ignored); // one of the name that was deleted before
    makeFolder(place);
    move(workspace.corpusInfo(name), place / "corpus.json");
    if (fs::exists(workspace.corpusText(name)))
        move(workspace.corpusText(name), place / "corpus.txt");
    // Caches are made anew after an undo; a name that goes on after the dot is another corpus's.
    for (const std::string &tokenizer : workspace.tokenizers())
        fs::remove(workspace.tokens(name, tokenizer), ignored);
}

void restoreCorpus(const Workspace &workspace, const std::string &name) {
    workspace.requireWritable();
    checkName(name, "corpus");
    const fs::path place = placeInTrash(workspace, name);
    if (!fs::exists(place / "corpus.json"))
        throw Error("The corpus " + name + " cannot be brought back: it was removed for good.");
    if (fs::exists(workspace.corpusInfo(name)))
        throw Error("There is a corpus named " + name + " again. Delete that one first to bring the older one back.");
    if (fs::exists(place / "corpus.txt"))
        move(place / "corpus.txt", workspace.corpusText(name));
    move(place / "corpus.json", workspace.corpusInfo(name));
    std::error_code ignored;
    fs::remove_all(place, ignored);
}

void emptyCorpusTrash(const Workspace &workspace) {
    workspace.requireWritable();
    std::error_code ignored;
    fs::remove_all(workspace.trash() / "corpus", ignored);
    fs::remove(workspace.trash(), ignored); // unless runs wait there
}

} // namespace tt
