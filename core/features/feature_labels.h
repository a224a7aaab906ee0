#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>

namespace tt {

/// What a person wrote about a feature.
struct FeatureNote {
    std::string label, notes;
    bool starred = false;
    bool operator==(const FeatureNote &) const = default;
    [[nodiscard]] bool isEmpty() const { return label.empty() && notes.empty() && !starred; }
};

/// Notes of a transcoder's features by (layer, feature).
using FeatureNotes = std::map<std::pair<int, int>, FeatureNote>;

/// transcoders/<name>/labels.json: {"version": 1, "features": {"1/1184": {"label", "notes", "starred"}}}; people may
/// edit it.
struct FeatureLabels {
    FeatureNotes notes;
    std::string problem; ///< why the file could not be read; empty if it could or is not there
};
/// Never throws for what is in the file: a file that is not understood gives no notes and its `problem`.
FeatureLabels readFeatureLabels(const std::filesystem::path &transcoderFolder);

/// Changes one feature's note in the file, which is read anew for it in a WriteTurn, so that what another program wrote
/// meanwhile stays. An empty note takes the entry away. A file that is not understood is first put aside as
/// labels.unreadable.json (-2, -3 …), nothing in it is lost. Throws Error where the file cannot be written.
void writeFeatureNote(const std::filesystem::path &transcoderFolder, int layer, int feature, const FeatureNote &note);
/// The same for all of these at once.
void writeFeatureNotes(const std::filesystem::path &transcoderFolder, const FeatureNotes &notes);
/// Changes of one feature's note what differs between `before`, as the writer knew it, and `after`: a label that
/// another program gave meanwhile stays where only the star was set. Returns what the file holds then.
FeatureNotes changeFeatureNote(const std::filesystem::path &transcoderFolder, int layer, int feature,
                               const FeatureNote &before, const FeatureNote &after);

} // namespace tt
