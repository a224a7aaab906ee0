#include "app/session/circuits_session.h"

#include "ui/circuits/circuits_place.h"
#include "ui/prompt/prompt_bar.h"

#include <QDir>

#include <cmath>

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
}

void CircuitsSession::setModel(std::shared_ptr<const ExplainedModel> model) {
    verification_.reset();
    jobs_.setModel(std::move(model));
}

void CircuitsSession::promptEdited(const QString &prompt) {
    window_.circuitsPlace().setStale(prompt != tracedPrompt_ && jobs_.hasGraph());
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
    connect(&place, &CircuitsPlace::traceRequested, this,
            [this](const TraceSettings &settings) { trace(settings, false); });
    connect(&place, &CircuitsPlace::messageAction, this, [this](const QString &action) {
        if (action == traceLargeAction)
            trace(tracedSettings_, true);
    });
    connect(&place, &CircuitsPlace::arrangementChanged, this, [this, &place](const PruneSettings &prune, bool anew) {
        if (!jobs_.hasGraph())
            return;
        tracedSettings_.prune = prune;
        place.setBusy(true, tr("Laying out the graph"));
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
