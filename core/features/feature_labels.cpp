#include "core/features/feature_labels.h"

#include "core/io/file.h"
#include "core/io/folder_lock.h"
#include "core/io/json_impl.h"

#include <charconv>
#include <functional>

namespace tt {

namespace fs = std::filesystem;

namespace {
constexpr int64_t version = 1;

fs::path labelsFile(const fs::path &folder) {
    return folder / "labels.json";
}

/// "L/F"
std::pair<int, int> parseName(const std::string &name, const std::string &what) {
    std::pair<int, int> key{-1, -1};
    const size_t slash = std::min(name.find('/'), name.size());
    const char *end = name.data() + name.size();
    const auto [layerEnd, layerError] = std::from_chars(name.data(), name.data() + slash, key.first);
    const auto [featureEnd, featureError] = std::from_chars(std::min(layerEnd + 1, end), end, key.second);
    if (layerError != std::errc() || featureError != std::errc() || layerEnd != name.data() + slash ||
        featureEnd != end || key.first < 0 || key.second < 0)
        throw Error(what + ": \"" + name + "\" names no feature; it should read layer/feature, such as 1/1184.");
    return key;
}

FeatureNotes parse(const fs::path &file) {
    const std::string what = file.string();
    const Json document = readJsonObject(file);
    if (member<int64_t>(document, "version", what) > version)
        throw Error(what + " was written by a newer version of the program.");
    FeatureNotes notes;
    const Json entries = member<Json>(document, "features", what);
    if (!entries.is_object())
        throw Error(what + ": \"features\" is no list of features by name.");
    for (const auto &[name, entry] : entries.items()) {
        std::string where = what;
        where.append(": ").append(name);
        if (!entry.is_object())
            throw Error(where + " is no object with a label.");
        notes[parseName(name, what)] = {memberOr<std::string>(entry, "label", "", where),
                                        memberOr<std::string>(entry, "notes", "", where),
                                        memberOr<bool>(entry, "starred", false, where)};
    }
    return notes;
}

void putAside(const fs::path &file) {
    fs::path aside = file.parent_path() / "labels.unreadable.json";
    for (int i = 2; fs::exists(aside); ++i)
        aside = file.parent_path() / ("labels.unreadable-" + std::to_string(i) + ".json");
    std::error_code error;
    fs::rename(file, aside, error);
    if (error)
        throw Error(file.string() + " cannot be understood, and could not be put aside: " + error.message() +
                    ". The note was not saved.");
}

void write(const fs::path &file, const FeatureNotes &notes) {
    OrderedJson entries = OrderedJson::object();
    for (const auto &[key, note] : notes)
        entries[std::to_string(key.first) + "/" + std::to_string(key.second)] = {
            {"label", note.label}, {"notes", note.notes}, {"starred", note.starred}};
    writeFileAtomically(file, writeJson({{"version", version}, {"features", entries}}));
}

/// Reads, changes and writes while no other program does. Returns what is in the file then.
FeatureNotes changeNotes(const fs::path &folder, const std::function<void(FeatureNotes &)> &change) {
    requireWritableFolder(folder);
    const WriteTurn turn(folder);
    FeatureLabels labels = readFeatureLabels(folder);
    if (!labels.problem.empty())
        putAside(labelsFile(folder));
    change(labels.notes);
    write(labelsFile(folder), labels.notes);
    return labels.notes;
}
} // namespace

FeatureLabels readFeatureLabels(const fs::path &transcoderFolder) {
    const fs::path file = labelsFile(transcoderFolder);
    FeatureLabels labels;
    if (!fs::exists(file))
        return labels;
    try {
        labels.notes = parse(file);
    } catch (const Error &error) {
        labels.problem = error.what();
    }
    return labels;
}

void writeFeatureNote(const fs::path &transcoderFolder, int layer, int feature, const FeatureNote &note) {
    writeFeatureNotes(transcoderFolder, {{{layer, feature}, note}});
}

void writeFeatureNotes(const fs::path &transcoderFolder, const FeatureNotes &notes) {
    changeNotes(transcoderFolder, [&](FeatureNotes &present) {
        for (const auto &[feature, note] : notes)
            if (note.isEmpty())
                present.erase(feature);
            else
                present[feature] = note;
    });
}

FeatureNotes changeFeatureNote(const fs::path &transcoderFolder, int layer, int feature, const FeatureNote &before,
                               const FeatureNote &after) {
    return changeNotes(transcoderFolder, [&](FeatureNotes &present) {
        FeatureNote &note = present[{layer, feature}];
        if (after.label != before.label)
            note.label = after.label;
        if (after.notes != before.notes)
            note.notes = after.notes;
        if (after.starred != before.starred)
            note.starred = after.starred;
        if (note.isEmpty())
            present.erase({layer, feature});
    });
}

} // namespace tt
