#include "ui/features/features_place.h"

#include "ui/features/active_features_view.h"
#include "ui/features/all_features.h"
#include "ui/features/feature_card.h"
#include "ui/figures/words.h"
#include "ui/widgets/state_command.h"

#include <QScopedValueRollback>

#include <climits>

namespace tt {

void FeaturesPlace::setNotes(FeatureNotes notes) {
    notes_ = std::move(notes);
    active_->features()->setNotes(notes_);
    all_->table()->setNotes(notes_);
    card_->setNotes(notes_);
}

/// Typing on at one feature's words is one step; what is undone is shown.
void FeaturesPlace::editNote(int layer, int feature, const FeatureNote &note) {
    const auto found = notes_.find({layer, feature});
    const FeatureNote before = found == notes_.end() ? FeatureNote() : found->second;
    if (note == before)
        return;
    const bool starred = note.starred != before.starred, labelled = note.label != before.label;
    const QString what = starred    ? (note.starred ? tr("star %1") : tr("unstar %1"))
                         : labelled ? tr("label %1")
                                    : tr("notes on %1");
    constexpr int mostFeatures = 1 << 20; // of a layer; beyond it two may have one key, and only quick typing joins
    const int key = starred ? -1 : 2 * ((layer * mostFeatures + feature) & (INT_MAX / 2)) + (labelled ? 1 : 0);
    const QScopedValueRollback editing(editing_, true);
    undo_.push(new StateCommand<FeatureNote>(what.arg(featureName(layer, feature)), before, note, key,
                                             [this, layer, feature](const FeatureNote &state) {
                                                 if (!editing_)
                                                     choose(layer, feature);
                                                 takeNote(layer, feature, state);
                                             }));
}

void FeaturesPlace::takeNote(int layer, int feature, const FeatureNote &note) {
    if (note.isEmpty())
        notes_.erase({layer, feature});
    else
        notes_[{layer, feature}] = note;
    active_->features()->setNotes(notes_);
    all_->noteChanged(layer, feature);
    card_->setNotes(notes_);
    Q_EMIT noteEdited(layer, feature, note);
}

} // namespace tt
