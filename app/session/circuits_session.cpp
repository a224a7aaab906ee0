#include "app/session/circuits_session.h"

#include "ui/circuits/circuits_place.h"
#include "ui/prompt/prompt_bar.h"

#include <QDir>

#include <cmath>
#include <utility>

namespace tt {

namespace {

const QString traceLargeAction = QStringLiteral("circuits:trace-large");

QString milliseconds(double seconds) {
    return QString::number(std::lround(seconds * 1000));
}

} // namespace

CircuitsSession::CircuitsSession(MainWindow &window, QObject *parent) : QObject(parent), window_(window) {
    connectPlace();
    connectJobs();
    connectSaved();
}

void CircuitsSession::setWorkspace(const Workspace &workspace) {
    workspace_ = workspace;
    jobs_.list(workspace);
}

void CircuitsSession::openFile(const QString &file) {
    window_.goTo(MainWindow::Place::Circuits);
    if (workspace_)
        jobs_.openFile(*workspace_, file);
}

void CircuitsSession::setModel(std::shared_ptr<const ExplainedModel> model) {
    verification_.reset();
    model_ = model;
    jobs_.setModel(std::move(model));
    promptEdited(window_.promptBar().prompt()); // what is shown was traced with another transcoder
    if (model_ && reopening_)
        reopen();
}

void CircuitsSession::setNotes(const FeatureNotes &notes) {
    if (!jobs_.setNotes(notes))
        return;
    window_.circuitsPlace().setArranging();
    jobs_.arrange(tracedSettings_.prune, window_.circuitsPlace().annotations());
}

void CircuitsSession::setNote(int layer, int feature, const FeatureNote &note) {
    FeatureNotes notes = jobs_.notes();
    notes[{layer, feature}] = note;
    setNotes(notes);
}

/// A saved graph is traced again: the same weights give the same numbers.
void CircuitsSession::reopen() {
    const SavedGraph saved = *std::exchange(reopening_, std::nullopt);
    try {
        checkWeights(saved, model_->transcoder.config.gptSha256, model_->transcoderSha256);
        const Targets targets = parseTargets(saved.target, model_->tokenizer);
        window_.promptBar().setPrompt(QString::fromStdString(saved.prompt));
        window_.circuitsPlace().restore(saved.annotations, saved.settings, QString::fromStdString(saved.target),
                                        targets);
        trace({targets, saved.settings}, false);
    } catch (const Error &error) {
        window_.showMessage({.kind = Message::Kind::Error,
                             .title = tr("%1 was not opened").arg(QString::fromStdString(saved.name)),
                             .text = QString::fromUtf8(error.what())},
                            MainWindow::Place::Circuits);
    }
}

void CircuitsSession::takeTypedTarget(const QString &text) {
    if (!model_)
        return;
    try {
        const Targets targets = parseTypedTarget(text.toStdString(), model_->tokenizer);
        window_.circuitsPlace().chooseTarget(text, QString::fromStdString(targetWord(targets)), targets);
        window_.circuitsPlace().trace();
    } catch (const Error &error) {
        window_.showMessage(
            {.kind = Message::Kind::Warning, .title = tr("That is no target"), .text = QString::fromUtf8(error.what())},
            MainWindow::Place::Circuits);
    }
}

void CircuitsSession::connectSaved() {
    CircuitsPlace &place = window_.circuitsPlace();
    connect(&place, &CircuitsPlace::targetTyped, this, &CircuitsSession::takeTypedTarget);
    connect(&place, &CircuitsPlace::saveRequested, this, [this](const QString &name) {
        if (workspace_)
            jobs_.save(*workspace_, name);
    });
    connect(&place, &CircuitsPlace::openRequested, this, [this](const QString &name) {
        if (workspace_)
            jobs_.open(*workspace_, name);
    });
    connect(&place, &CircuitsPlace::compareRequested, this, [this](const CompareRequest &request) {
        if (workspace_)
            jobs_.compare(*workspace_, request);
    });
    connect(&jobs_, &GraphJobs::compared, &place, &CircuitsPlace::setCompared);
    connect(&jobs_, &GraphJobs::listed, &place, &CircuitsPlace::setSavedGraphs);
    connect(&jobs_, &GraphJobs::saved, this, [this](const QString &name) {
        window_.setStatus(tr("Saved the graph as %1").arg(name));
        jobs_.list(*workspace_);
    });
    connect(&jobs_, &GraphJobs::opened, this, [this](const SavedGraph &saved) {
        reopening_ = saved;
        if (model_ && model_->transcoderName == saved.transcoder) {
            reopen();
            return Q_EMIT promptWanted(window_.promptBar().prompt()); // with another transcoder it is read anyway
        }
        Q_EMIT transcoderWanted(QString::fromStdString(saved.transcoder));
    });
    connect(&jobs_, &GraphJobs::absent, this, [this](const SavedGraph &saved) {
        window_.showMessage(
            {.kind = Message::Kind::Error,
             .title = tr("%1 was not opened").arg(QString::fromStdString(saved.name)),
             .text = tr("It was traced in the GPT %1 with the transcoder %2, in weights that this workspace does not "
                        "have: they lie in another one, or were trained on or replaced since. Open the workspace that "
                        "has them, and the graph again; its file was left as it is.")
                         .arg(QString::fromStdString(saved.gpt), QString::fromStdString(saved.transcoder))},
            MainWindow::Place::Circuits);
    });
}

void CircuitsSession::promptEdited(const QString &prompt) {
    window_.circuitsPlace().setStale(prompt != tracedPrompt_ || !jobs_.hasGraph());
}

void CircuitsSession::trace(const TraceSettings &settings, bool large) {
    verification_.reset();
    jobs_.cancelVerification();
    tracedPrompt_ = window_.promptBar().prompt();
    tracedSettings_ = settings;
    CircuitsPlace &place = window_.circuitsPlace();
    place.setBusy(true, tr("Tracing “%1”").arg(tracedPrompt_));
    jobs_.trace(tracedPrompt_, settings, place.annotations(), large);
}

void CircuitsSession::connectPlace() {
    CircuitsPlace &place = window_.circuitsPlace();
    connect(&place, &CircuitsPlace::traceRequested, this, [this, &place](const TraceSettings &settings) {
        if (window_.promptBar().prompt() != tracedPrompt_)
            place.forgetAnnotations();
        trace(settings, false);
    });
    connect(&place, &CircuitsPlace::messageAction, this, [this](const QString &action) {
        if (action == traceLargeAction)
            trace(tracedSettings_, true);
    });
    connect(&place, &CircuitsPlace::arrangementChanged, this, [this, &place](const PruneSettings &prune, bool anew) {
        if (!jobs_.hasGraph())
            return;
        tracedSettings_.prune = prune;
        place.setArranging();
        jobs_.arrange(prune, place.annotations(), anew);
    });
    connect(&place, &CircuitsPlace::verifyRequested, this, [this] {
        window_.setStatus(tr("Verifying the graph"));
        jobs_.verify();
    });
    connect(&place, &CircuitsPlace::exportRequested, &jobs_, &GraphJobs::exportGraph);
    connect(&place, &CircuitsPlace::stopRequested, &jobs_, &GraphJobs::cancelTrace);
    connect(&place, &CircuitsPlace::transcoderWanted, this, &CircuitsSession::transcoderWanted);
    connect(&place, &CircuitsPlace::splitRequested, &jobs_, &GraphJobs::split);
    connect(&place, &CircuitsPlace::patternRequested, &jobs_, &GraphJobs::readPattern);
    connect(&place, &CircuitsPlace::pathsRequested, &jobs_, &GraphJobs::findPaths);
    connect(&place, &CircuitsPlace::proposalsRequested, &jobs_, &GraphJobs::propose);
}

void CircuitsSession::connectJobs() {
    CircuitsPlace &place = window_.circuitsPlace();
    connect(&jobs_, &GraphJobs::traced, this, &CircuitsSession::showGraph);
    connect(&jobs_, &GraphJobs::traceEnded, &place, [&place] { place.setBusy(false); });
    connect(&jobs_, &GraphJobs::tooLarge, &place, [this](qint64 bytes) {
        window_.showMessage(
            {.kind = Message::Kind::Warning,
             .title = tr("This graph takes %1 GB of memory").arg(static_cast<double>(bytes) / 1e9, 0, 'f', 1),
             .text = tr("Every feature of the prompt is a row of it. A shorter prompt needs less."),
             .actionText = tr("Trace anyway"),
             .action = traceLargeAction},
            MainWindow::Place::Circuits);
    });
    connect(&jobs_, &GraphJobs::splitFound, &place, &CircuitsPlace::setSplit);
    connect(&jobs_, &GraphJobs::patternRead, &place, &CircuitsPlace::showPattern);
    connect(&jobs_, &GraphJobs::pathsFound, &place, &CircuitsPlace::setPaths);
    connect(&jobs_, &GraphJobs::proposed, &place, &CircuitsPlace::setProposals);
    connect(&jobs_, &GraphJobs::verified, this, [this, &place](const Verification &verification) {
        verification_ = verification;
        place.setVerification(verification);
        window_.setStatus(verification.pass ? tr("The graph is verified") : tr("The graph is not verified"));
    });
    connect(&jobs_, &GraphJobs::exported, this,
            [this](const QString &file) { window_.setStatus(tr("Exported %1").arg(QDir::toNativeSeparators(file))); });
    connect(&jobs_, &GraphJobs::failed, this, [this](const QString &why) {
        window_.showMessage({.kind = Message::Kind::Error, .title = tr("That did not work"), .text = why},
                            MainWindow::Place::Circuits);
        Q_EMIT failed();
    });
}

void CircuitsSession::showGraph(const TracedGraph &graph) {
    CircuitsPlace &place = window_.circuitsPlace();
    place.setGraph(graph);
    if (verification_)
        place.setVerification(*verification_);
    promptEdited(window_.promptBar().prompt());
    const TraceSeconds &s = graph.seconds;
    window_.setStatus(tr("Traced “%1” in %2 ms: attribution %3, pruning %4, layout %5")
                          .arg(tracedPrompt_, milliseconds(s.attribution + s.prune + s.layout),
                               milliseconds(s.attribution), milliseconds(s.prune), milliseconds(s.layout)));
}

} // namespace tt
