#include "core/models/shipped_model.h"

#include "core/io/file.h"
#include "core/io/json_impl.h"
#include "core/io/shipped.h"

#include <algorithm>
#include <chrono>

namespace tt {

namespace fs = std::filesystem;

namespace {

constexpr int64_t manifestVersion = 1;
constexpr const char *modelName = "tinystories-tiny", *manifestName = "manifest.json",
                     *workspaceName = "workspace.json";
constexpr const char *whatToDo = " Install TinyTranscoder again to have it back; everything else works without it.";

/// Weights and tokenizers: what no one edits, and nothing works without.
bool isEssential(const ShippedFile &file) {
    const fs::path path(file.path);
    return path.extension() == ".safetensors" || path.filename() == "config.json" ||
           path.filename() == "tokenizer.json" || path.filename() == "state.json";
}

bool isWhole(const ShippedFile &file, const fs::path &at) {
    std::error_code error;
    return fs::is_regular_file(at, error) && static_cast<int64_t>(fs::file_size(at, error)) == file.bytes;
}

bool isSame(const ShippedFile &file, const fs::path &at, const std::stop_token &stop) {
    return isWhole(file, at) && sha256OfFile(at, stop) == file.sha256;
}

void checkShipped(const ShippedModel &model, const ShippedFile &file, const std::stop_token &stop) {
    const fs::path at = model.folder / file.path;
    std::error_code error;
    if (!fs::exists(at, error))
        throw Error("The model " + model.name + " that ships with the program lacks " + at.string() + "." + whatToDo);
    if (!isSame(file, at, stop))
        throw Error("The model " + model.name + " that ships with the program is damaged: " + at.string() +
                    " is not what was shipped." + whatToDo);
}

void checkPath(const std::string &path, const std::string &what) {
    const fs::path each(path);
    const bool inside = !path.empty() && each.is_relative() &&
                        std::none_of(each.begin(), each.end(), [](const fs::path &part) { return part == ".."; });
    if (!inside)
        throw Error(what + " names the file \"" + path + "\", which would lie outside the folder.");
}

ShippedFile fileFrom(const Json &json, const std::string &what) {
    if (!json.is_object())
        throw Error(what + ": a file is no object.");
    ShippedFile file{member<std::string>(json, "path", what), member<int64_t>(json, "bytes", what),
                     member<std::string>(json, "sha256", what)};
    checkPath(file.path, what);
    return file;
}

/// The files that `target` needs.
std::vector<const ShippedFile *> missing(const ShippedModel &model, const fs::path &target,
                                         const std::stop_token &stop) {
    const bool complete = fs::exists(target / workspaceName);
    std::vector<const ShippedFile *> files;
    for (const ShippedFile &file : model.files) {
        const fs::path at = target / file.path;
        const bool wanted = complete ? isEssential(file) && fs::exists(at.parent_path()) && !isWhole(file, at)
                                     : !isSame(file, at, stop);
        if (wanted)
            files.push_back(&file);
    }
    return files;
}

void copyFile(const fs::path &from, const fs::path &to) {
    makeFolder(to.parent_path());
    const MappedFile file(from);
    writeFileAtomically(to, {reinterpret_cast<const char *>(file.bytes().data()), file.bytes().size()});
}

} // namespace

std::optional<fs::path> shippedModelFolder() {
    const auto shipped = shippedFolder();
    return shipped ? std::optional(*shipped / "models" / modelName) : std::nullopt;
}

ShippedModel readShippedModel(const fs::path &folder) {
    const fs::path path = folder / manifestName;
    const std::string what = path.string();
    std::error_code error;
    if (!fs::exists(path, error))
        throw Error("The model that ships with the program is not at " + folder.string() + "." + whatToDo);
    try {
        const Json json = readJsonObject(path);
        if (member<int64_t>(json, "version", what) != manifestVersion)
            throw Error(what + " is of another version of the program.");
        ShippedModel model{.folder = folder,
                           .name = member<std::string>(json, "name", what),
                           .card = member<std::string>(json, "card", what),
                           .files = {}};
        for (const Json &file : member<std::vector<Json>>(json, "files", what))
            model.files.push_back(fileFrom(file, what));
        if (model.files.empty() || model.files.back().path != workspaceName)
            throw Error(what + " does not end with " + workspaceName + ".");
        return model;
    } catch (const Error &problem) {
        throw Error("The model that ships with the program is damaged: " + std::string(problem.what()) + whatToDo);
    }
}

void writeManifest(const fs::path &folder, const std::string &name, const std::string &card,
                   const std::vector<std::string> &paths) {
    OrderedJson files = OrderedJson::array();
    for (const std::string &path : paths)
        files.push_back(
            {{"path", path}, {"bytes", fs::file_size(folder / path)}, {"sha256", sha256OfFile(folder / path)}});
    writeFileAtomically(folder / manifestName,
                        writeJson({{"version", manifestVersion}, {"name", name}, {"card", card}, {"files", files}}));
}

void checkShippedModel(const ShippedModel &model, std::stop_token stop) {
    for (const ShippedFile &file : model.files)
        checkShipped(model, file, stop);
}

std::string demonstrationIn(const fs::path &workspace) {
    try {
        return memberOr<std::string>(readJsonObject(workspace / workspaceName), "demonstration", "", workspaceName);
    } catch (const Error &) {
        return {};
    }
}

bool isCopyOf(const ShippedModel &model, const fs::path &target) {
    return demonstrationIn(target) == model.name;
}

int64_t installShippedModel(const ShippedModel &model, const fs::path &target, std::stop_token stop,
                            const ProgressSink &sink) {
    std::error_code error;
    if (fs::exists(target / workspaceName, error) && !isCopyOf(model, target))
        throw Error(target.string() + " is another workspace. Choose another folder for the model " + model.name + ".",
                    Error::Kind::Usage);
    const auto files = missing(model, target, stop);
    int64_t all = 0, done = 0;
    for (const ShippedFile *file : files)
        all += file->bytes;
    ProgressThrottle throttle(sink);
    const auto progress = [&] {
        return Progress{"Copying the model " + model.name, static_cast<double>(done), static_cast<double>(all),
                        "bytes"};
    };
    const auto start = fs::file_time_type::clock::now() - std::chrono::milliseconds(model.files.size());
    for (const ShippedFile *file : files) {
        throwIfStopped(stop);
        checkShipped(model, *file, stop);
        copyFile(model.folder / file->path, target / file->path);
        fs::last_write_time(target / file->path, start + std::chrono::milliseconds(file - model.files.data()), error);
        done += file->bytes;
        throttle.report(progress());
    }
    throttle.finish(progress());
    return std::ssize(files);
}

} // namespace tt
