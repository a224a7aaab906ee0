#include "app/session/session.h"
#include "ui/features/features_place.h"
#include "ui/features/snapshot_bar.h"
#include "ui/prompt/prompt_bar.h"

#include <QClipboard>
#include <QDir>
#include <QFileInfo>
#include <QGuiApplication>

#include <algorithm>

namespace tt {

namespace {
constexpr int followMilliseconds = 5000;
}

bool Session::transcoderTrains() const {
    const std::vector<RunRow> active = runs_.active();
    return std::any_of(active.begin(), active.end(), [this](const RunRow &row) {
        return row.kind == RunRow::Kind::Transcoder && row.name == transcoder_;
    });
}

/// Earlier states of the transcoder, and the newest one while it trains.
void Session::connectSnapshots() {
    SnapshotBar *bar = window_.featuresPlace().snapshots();
    const auto showTraining = [this, bar] { bar->setTraining(transcoderTrains()); };
    connect(&inspector_, &FeatureInspector::snapshotsRead, bar, &SnapshotBar::setSteps);
    connect(&inspector_, &FeatureInspector::snapshotsRead, this, showTraining);
    connect(&runs_, &TrainingRuns::runsChanged, this, showTraining);
    connect(&runs_, &TrainingRuns::runEnded, this, showTraining);
    connect(bar, &SnapshotBar::stepChosen, this,
            [this](qint64 step) { explainer_.open(*workspace_, transcoder_.toStdString(), step); });
    follow_.setInterval(followMilliseconds);
    connect(bar, &SnapshotBar::followChanged, this, [this](bool follow) {
        followedTime_ = {};
        follow ? follow_.start() : follow_.stop();
    });
    connect(&follow_, &QTimer::timeout, this, [this, bar] {
        if (!bar->follows() || !workspace_)
            return;
        const auto state = workspace_->transcoder(transcoder_.toStdString()) / "state.json";
        const QDateTime time = QFileInfo(QString::fromStdString(state.string())).lastModified();
        if (time == followedTime_)
            return;
        followedTime_ = time;
        explainer_.open(*workspace_, transcoder_.toStdString());
    });
}

/// Cards, searches, stories, labels and the index.
void Session::connectFeatures() {
    connectSnapshots();
    FeaturesPlace &place = window_.featuresPlace();
    connect(&explainer_, &Explainer::modelOpened, this,
            [this](const std::shared_ptr<const ExplainedModel> &model) { inspector_.open(*workspace_, model); });
    connect(&place, &FeaturesPlace::cardRequested, &inspector_, &FeatureInspector::card);
    connect(&place, &FeaturesPlace::searchRequested, &inspector_, &FeatureInspector::search);
    connect(&place, &FeaturesPlace::storiesRequested, &inspector_, &FeatureInspector::stories);
    connect(&place, &FeaturesPlace::noteEdited, &inspector_, &FeatureInspector::writeNote);
    connect(&place, &FeaturesPlace::noteEdited, &circuits_, &CircuitsSession::setNote);
    connect(&place, &FeaturesPlace::copyTextRequested, &inspector_, &FeatureInspector::copyText);
    connect(&place, &FeaturesPlace::copyJsonRequested, &inspector_, &FeatureInspector::copyJson);
    connect(&place, &FeaturesPlace::exportRequested, &inspector_, &FeatureInspector::exportTo);
    connect(&place, &FeaturesPlace::indexRequested, &inspector_, &FeatureInspector::buildIndex);
    connect(&place, &FeaturesPlace::indexStopRequested, &inspector_, &FeatureInspector::stopIndex);
    connect(&place, &FeaturesPlace::promptRequested, this, [this](const QString &text) {
        window_.promptBar().setPrompt(text);
        editPrompt(text);
    });

    connect(&inspector_, &FeatureInspector::dictionaryRead, &place, &FeaturesPlace::setDictionary);
    connect(&inspector_, &FeatureInspector::factsRead, &place, &FeaturesPlace::setFacts);
    connect(&inspector_, &FeatureInspector::examplesRead, &place, &FeaturesPlace::setExamples);
    connect(&inspector_, &FeatureInspector::matchesRead, &place, &FeaturesPlace::setMatches);
    connect(&inspector_, &FeatureInspector::storiesRead, &place, &FeaturesPlace::setStories);
    connect(&inspector_, &FeatureInspector::indexing, &place, &FeaturesPlace::setIndexing);
    connect(&inspector_, &FeatureInspector::notesRead, this, [this](const FeatureNotes &notes, const QString &problem) {
        window_.featuresPlace().setNotes(notes);
        circuits_.setNotes(notes);
        if (!problem.isEmpty())
            window_.showMessage({.kind = Message::Kind::Warning,
                                 .title = tr("The labels cannot be read."),
                                 .text = problem + tr(" The file is kept; the first label you write puts it "
                                                      "aside as labels.unreadable.json."),
                                 .actionText = {},
                                 .action = {}},
                                MainWindow::Place::Features);
    });
    connect(&inspector_, &FeatureInspector::copied, this, [this](const QString &text) {
        QGuiApplication::clipboard()->setText(text);
        window_.setStatus(tr("Copied the card"));
    });
    connect(&inspector_, &FeatureInspector::exported, this, [this](qint64 files, const QString &path) {
        window_.setStatus(files == 1 ? tr("Exported %1").arg(QDir::toNativeSeparators(path))
                                     : tr("Exported %1 features to %2").arg(files).arg(QDir::toNativeSeparators(path)));
    });
    connect(&inspector_, &FeatureInspector::failed, this, [this](const QString &why) {
        window_.showMessage({.kind = Message::Kind::Error,
                             .title = tr("That did not work"),
                             .text = why,
                             .actionText = {},
                             .action = {}},
                            MainWindow::Place::Features);
    });
}

} // namespace tt
