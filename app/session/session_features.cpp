#include "app/session/session.h"
#include "core/circuits/prompt_trace.h"
#include "ui/circuits/circuits_place.h"
#include "ui/features/features_place.h"
#include "ui/features/snapshot_bar.h"
#include "ui/figures/words.h"
#include "ui/prompt/prompt_bar.h"
#include "ui/prompt/token_chips.h"

#include <QClipboard>
#include <QDir>
#include <QGuiApplication>

namespace tt {

/// Earlier states of the transcoder, and the one of this moment while it trains.
void Session::connectSnapshots() {
    SnapshotBar *bar = window_.featuresPlace().snapshots();
    follow_ = new FollowTraining(runs_, explainer_, *bar, this);
    connect(&inspector_, &FeatureInspector::snapshotsRead, bar, &SnapshotBar::setSteps);
    connect(&runs_, &TrainingRuns::checkpointSaved, &inspector_, &FeatureInspector::readSnapshots);
    connect(bar, &SnapshotBar::stepChosen, this, &Session::openSnapshot);
    connect(follow_, &FollowTraining::savedWanted, this, [this] { openSnapshot(-1); });
}

void Session::openSnapshot(qint64 step) {
    follow_->setTranscoder(transcoder_);
    explainer_.open(*workspace_, transcoder_.toStdString(), step);
}

/// The prompt then ends before the token.
void Session::traceToToken(const QString &before, int token, const QString &text) {
    Targets targets;
    targets.kind = Targets::Kind::Tokens;
    targets.tokens = {token};
    window_.promptBar().setPrompt(before);
    editPrompt(before);
    window_.goTo(MainWindow::Place::Circuits);
    window_.circuitsPlace().chooseTarget(shownToken(text.toStdString()), QString::fromStdString(targetWord(targets)),
                                         targets);
    window_.circuitsPlace().trace();
}

/// Cards, searches, stories, labels and the index.
void Session::connectFeatures() {
    connectSnapshots();
    connect(window_.promptBar().chips(), &TokenChips::traceToRequested, this, &Session::traceToToken);
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
    connect(&place, &FeaturesPlace::exportAllRequested, &inspector_, &FeatureInspector::exportAll);
    connect(&place, &FeaturesPlace::indexRequested, &inspector_, &FeatureInspector::buildIndex);
    connect(&place, &FeaturesPlace::indexStopRequested, &inspector_, &FeatureInspector::stopIndex);
    connect(&place, &FeaturesPlace::measureRequested, &inspector_, &FeatureInspector::measureEffects);
    connect(&place, &FeaturesPlace::workStopRequested, &inspector_, &FeatureInspector::stopWork);
    connect(&window_, &MainWindow::stopAllRequested, &inspector_, &FeatureInspector::stopWork);
    connect(&window_, &MainWindow::stopAllRequested, &inspector_, &FeatureInspector::stopIndex);
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
    connect(&inspector_, &FeatureInspector::working, &place, &FeaturesPlace::setWorking);
    connect(&inspector_, &FeatureInspector::indexing, this, [this](bool running, double share, const QString &text) {
        window_.setIndexing({.running = running, .what = text, .done = share, .total = 1});
    });
    connect(&inspector_, &FeatureInspector::working, this, [this](bool running, double share, const QString &text) {
        window_.setFeaturesWork({.running = running, .what = text, .done = share, .total = 1});
    });
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
