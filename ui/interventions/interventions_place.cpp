#include "ui/interventions/interventions_place.h"

#include "ui/figures/stale_veil.h"
#include "ui/figures/words.h"
#include "ui/interventions/effects_pane.h"
#include "ui/interventions/interventions_bar.h"
#include "ui/interventions/interventions_table.h"
#include "ui/interventions/next_token_pane.h"
#include "ui/interventions/rows_command.h"
#include "ui/theme.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/message_bar.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QPushButton>
#include <QStackedWidget>

#include <algorithm>
#include <map>
#include <utility>

namespace tt {
namespace {

constexpr int mostShownRows = 4, restHeight = 440; // what the other parts of the place need

bool namesPositions(const Intervention &row) {
    return row.places.kind == InterventionPlaces::Kind::Chosen;
}

/// Positions behind the end of a prompt of `length` tokens go; a row left without any acts on the last.
InterventionPlaces adapted(InterventionPlaces places, int length) {
    std::erase_if(places.chosen, [length](int position) { return position >= length; });
    if (places.kind == InterventionPlaces::Kind::Chosen && places.chosen.empty())
        places.kind = InterventionPlaces::Kind::Last;
    return places;
}

} // namespace

void InterventionsPlace::updatePages() {
    const bool ready = hasTranscoder_ && !prompt_.tokens.empty();
    pages_->setCurrentIndex(ready ? 1 : 0);
    texts_->setCanRun(ready, tr("Type a prompt first."));
    if (!hasTranscoder_)
        empty_->setContent(QStringLiteral("interventions"), tr("No transcoder yet"),
                           tr("Interventions change a transcoder's features. Train one on a GPT first."),
                           tr("Train a transcoder"));
    else
        empty_->setContent(QStringLiteral("interventions"), tr("No prompt yet"),
                           tr("Type the beginning of a story above, then change a feature and see what the model "
                              "predicts."));
}

void InterventionsPlace::setHasTranscoder(bool has) {
    hasTranscoder_ = has;
    updatePages();
}

void InterventionsPlace::setPromptFeatures(const PromptFeatures &features) {
    prompt_ = features;
    std::erase_if(positions_, [&](int position) { return position >= static_cast<int>(features.tokens.size()); });
    model_.setTokens(features.tokens);
    next_->setCandidates(features.next.empty() ? std::vector<TokenCandidate>() : features.next.back());
    texts_->setStale(true);
    updatePages();
    updateStale();
    evaluate();
    measure();
}

void InterventionsPlace::setSelectedPositions(const std::vector<int> &positions) {
    positions_ = positions;
}

/// Rows that name no position follow the prompt; the others wait until they are adapted.
void InterventionsPlace::updateStale() {
    const auto &rows = model_.rows();
    const bool bound = std::any_of(rows.begin(), rows.end(), namesPositions);
    if (!bound)
        listPrompt_ = prompt_.prompt;
    stale_ = bound && listPrompt_ != prompt_.prompt;
    staleNotice_->setVisible(stale_);
    veil_->setVisible(stale_);
}

void InterventionsPlace::adapt() {
    std::vector<Intervention> rows = model_.rows();
    for (Intervention &row : rows)
        row.places = adapted(row.places, static_cast<int>(prompt_.tokens.size()));
    listPrompt_ = prompt_.prompt;
    if (rows != model_.rows())
        change(tr("adapting to the prompt"), rows);
    else
        takeRows(rows);
}

void InterventionsPlace::change(const QString &what, std::vector<Intervention> rows, int key) {
    const std::string before = listPrompt_;
    listPrompt_ = prompt_.prompt; // what is edited here is meant here
    undo_.push(new RowsCommand(what, {model_.rows(), before}, {std::move(rows), listPrompt_}, key,
                               [this](const RowsState &state) {
                                   listPrompt_ = state.prompt;
                                   takeRows(state.rows);
                               }));
}

void InterventionsPlace::takeRows(const std::vector<Intervention> &rows) {
    const int selected = table_->selectedRow(), before = model_.rowCount(), now = static_cast<int>(rows.size());
    model_.setRows(rows);
    if (const QString told = std::exchange(demonstrated_, {}); !told.isEmpty() && message_->message().text == told)
        message_->clear(); // of another row than there is now
    rows_->setCurrentIndex(rows.empty() ? 0 : 1);
    bar_->setHasRows(!rows.empty());
    if (now != before)
        table_->select(now > before ? now - 1 : std::min(selected, now - 1));
    fitRows();
    updateStale();
    texts_->setStale(true);
    evaluate();
    Q_EMIT listChanged(list());
}

void InterventionsPlace::removeRow(int row) {
    std::vector<Intervention> rows = model_.rows();
    rows.erase(rows.begin() + row);
    change(tr("removal of row %1").arg(row + 1), rows);
}

void InterventionsPlace::fitRows() {
    const int row = table_->heightOf(1) - table_->heightOf(0);
    const int room = std::clamp((height() - scaled(restHeight)) / row, 1, mostShownRows);
    rows_->setFixedHeight(model_.rowCount() == 0 ? std::max(scaled(56), noRows_->sizeHint().height())
                                                 : table_->heightOf(std::min(model_.rowCount(), room)));
}

void InterventionsPlace::resizeEvent(QResizeEvent *event) {
    QWidget::resizeEvent(event);
    fitRows();
}

void InterventionsPlace::showEvent(QShowEvent *event) {
    QWidget::showEvent(event);
    evaluate();
    measure();
}

InterventionRequest InterventionsPlace::request() const {
    return {.rows = model_.rows(),
            .mode = bar_->mode(),
            .target = next_->followed(),
            .everyPosition = next_->showsPositions()};
}

InterventionList InterventionsPlace::list() const {
    return {.transcoder = prompt_.transcoder, .prompt = listPrompt_, .mode = bar_->mode(), .rows = model_.rows()};
}

void InterventionsPlace::evaluate() {
    if (isVisible() && hasTranscoder_ && !prompt_.tokens.empty() && !stale_)
        Q_EMIT evaluateRequested(prompt(), request());
}

/// Ablates every feature anew where the prompt or the followed token is another.
void InterventionsPlace::measure() {
    if (!isVisible() || !hasTranscoder_ || prompt_.tokens.empty())
        return;
    const std::string key = prompt_.transcoder + '\n' + prompt_.prompt;
    if (key == measuredPrompt_ && next_->followed() == measuredTarget_)
        return;
    measuredPrompt_ = key;
    measuredTarget_ = next_->followed();
    effects_->setBusy(tr("Ablating each feature"));
    Q_EMIT effectsRequested(prompt(), measuredTarget_);
}

void InterventionsPlace::setOutcome(const QString &of, const InterventionRequest &request,
                                    const InterventionOutcome &outcome) {
    if (of != prompt() || request.rows != model_.rows())
        return; // of what has changed since
    model_.setOutcome(outcome.notes, outcome.effects);
    next_->setOutcome(outcome, prompt_.tokens);
    showForetold();
}

void InterventionsPlace::showForetold() {
    const EffectReport *report = effects_->report();
    if (!report || stale_)
        return next_->setForetold(std::nullopt);
    const int length = static_cast<int>(prompt_.tokens.size());
    const TranscoderConfig shape{.features = prompt_.features, .layers = prompt_.layers};
    const bool direct = effects_->showsDirect() || bar_->mode() == InterventionMode::Direct;
    next_->setForetold(foretoldChange(report->scan, placeInterventions(model_.rows(), shape, length, 0, length - 1),
                                      direct ? &FeatureEffect::direct : &FeatureEffect::total));
}

QStringList InterventionsPlace::effectNames(const EffectReport &report) const {
    std::map<std::pair<int, int>, QString> promoted;
    for (const ActiveFeature &active : prompt_.active)
        promoted[{active.layer, active.feature}] = shownToken(active.promoted);
    QStringList names;
    for (const FeatureEffect &effect : report.scan.effects)
        names << QStringLiteral("%1 %2")
                     .arg(featureName(effect.layer, effect.feature), promoted[{effect.layer, effect.feature}])
                     .trimmed();
    return names;
}

void InterventionsPlace::setEffects(const QString &of, const EffectReport &report) {
    if (of != prompt())
        return;
    effects_->setReport(report, effectNames(report), prompt_.layers);
    showForetold();
}

void InterventionsPlace::showMessage(const Message &message) {
    message_->setMessage(message);
}

void InterventionsPlace::setList(const InterventionList &list) {
    undo_.clear();
    bar_->setMode(list.mode);
    listPrompt_ = list.prompt;
    takeRows(list.rows);
}

void InterventionsPlace::setDemonstration(const DemonstrationResult &result) {
    const Demonstration &asked = result.demonstration;
    if (!result.why.empty())
        return showMessage({.kind = Message::Kind::Warning,
                            .title = nameOf(asked),
                            .text = QString::fromStdString(result.why) + tr(" A model trained longer may have one.")});
    change(tr("demonstration"), {result.row});
    listPrompt_ = asked.prompt;
    next_->follow(result.target.id, result.target.text);
    bar_->setMode(InterventionMode::Free);
    demonstrated_ =
        tr("Feature %1 is active at %2 after “%3”. Forced to %4 after “%5” it takes %6 from %7 to %8%9.")
            .arg(featureName(result.row.layer, result.row.feature), figure(result.natural),
                 QString::fromStdString(asked.source), figure(result.row.value), QString::fromStdString(asked.prompt),
                 shownToken(result.target.text), figure(result.target.probability, 3), figure(result.after, 3),
                 result.rank == 0 ? tr(", the most probable token") : QString());
    showMessage({.kind = Message::Kind::Notice, .title = nameOf(asked), .text = demonstrated_});
    Q_EMIT promptWanted(QString::fromStdString(asked.prompt));
}

/// Multiply starts at × 0: what it does shows at once, and the slider is at hand.
Intervention InterventionsPlace::rowFor(const ActiveFeature &feature, InterventionAction action) const {
    Intervention row{.layer = feature.layer, .feature = feature.feature, .action = action};
    if (feature.position >= 0 && feature.position < static_cast<int>(prompt_.tokens.size()))
        row.places = {InterventionPlaces::Kind::Chosen, {feature.position}};
    if (action == InterventionAction::Set)
        row.value = static_cast<double>(feature.activation > 0 ? feature.activation : feature.maximum);
    return row;
}

void InterventionsPlace::addFeatures(const std::vector<ActiveFeature> &features, InterventionAction action) {
    if (features.empty())
        return;
    std::vector<Intervention> rows = model_.rows();
    for (const ActiveFeature &feature : features)
        rows.push_back(rowFor(feature, action));
    change(features.size() == 1 ? tr("intervention") : tr("%1 interventions").arg(features.size()), rows);
}

/// The strongest feature of the highest layer at the chosen token that no row changes yet.
void InterventionsPlace::addIntervention() {
    const int last = static_cast<int>(prompt_.tokens.size()) - 1;
    const int position = positions_.empty() ? last : positions_.front();
    const ActiveFeature *best = nullptr;
    for (const ActiveFeature &active : prompt_.active) {
        const auto changes = [&](const Intervention &row) {
            return row.layer == active.layer && row.feature == active.feature;
        };
        const bool taken = std::any_of(model_.rows().begin(), model_.rows().end(), changes);
        if (active.position == position && !taken && (!best || active.layer > best->layer))
            best = &active; // strongest first within a layer
    }
    addFeatures({best ? *best : ActiveFeature{.position = position}}, InterventionAction::Multiply);
    table_->setFocus();
}

QString InterventionsPlace::commandLine() const {
    QString command = QStringLiteral("tinytranscoder-cli intervene --name %1 --prompt %2")
                          .arg(shellWord(QString::fromStdString(prompt_.transcoder)),
                               shellWord(QString::fromStdString(prompt_.prompt)));
    for (const Intervention &row : model_.rows())
        if (row.enabled)
            command += u' ' + QString::fromStdString(toOption(row));
    command += QStringLiteral(" --mode %1").arg(QString::fromStdString(toString(bar_->mode())));
    if (const auto target = next_->followed())
        command += QStringLiteral(" --target id:%1").arg(*target);
    if (next_->showsPositions())
        command += QStringLiteral(" --positions");
    const SamplingConfig sampling = texts_->sampling();
    return command + QStringLiteral(" --tokens %1 --temperature %2 --seed %3")
                         .arg(QString::number(sampling.tokens), QString::number(sampling.temperature),
                              QString::number(texts_->seed()));
}

void InterventionsPlace::run() {
    if (texts_->isRunning() || !texts_->runButton()->isEnabled())
        return;
    if (stale_)
        adapt();
    texts_->start(prompt());
    Q_EMIT generateRequested(prompt(), model_.rows(), texts_->sampling(), texts_->seed());
}

void InterventionsPlace::exportList() {
    if (model_.rows().empty())
        return;
    const QStringList filters{tr("Interventions as JSON (*.json)"), tr("Interventions as CSV (*.csv)")};
    QString filter = filters.front();
    QString file =
        QFileDialog::getSaveFileName(this, tr("Export the interventions"), QStringLiteral("interventions.json"),
                                     filters.join(QStringLiteral(";;")), &filter);
    if (file.isEmpty())
        return;
    if (QFileInfo(file).suffix().isEmpty())
        file += filter.section(u'*', 1).chopped(1);
    Q_EMIT exportRequested(list(), file);
}

} // namespace tt
