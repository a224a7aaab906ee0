#include "ui/interventions/next_token_pane.h"

#include "ui/figures/facts_row.h"
#include "ui/figures/plain_header.h"
#include "ui/figures/words.h"
#include "ui/interventions/next_token_chart.h"
#include "ui/interventions/position_changes_model.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QSignalBlocker>
#include <QStackedWidget>
#include <QTableView>
#include <QVBoxLayout>

namespace tt {
namespace {

/// A swatch of the chart's key.
class Swatch : public QWidget {
public:
    Swatch(bool hatched, QWidget *parent) : QWidget(parent), hatched_(hatched) { setFixedSize(scaled(16), scaled(10)); }

protected:
    void paintEvent(QPaintEvent *) override {
        QPainter painter(this);
        painter.setPen(hatched_ ? QPen(theme().fieldBorder, 1) : QPen(Qt::NoPen));
        painter.setBrush(hatched_ ? QBrush(theme().secondaryInk, Qt::BDiagPattern) : QBrush(theme().accent));
        painter.drawRect(rect().adjusted(0, 0, -1, -1));
    }

private:
    bool hatched_;
};

QWidget *keyOf(const QString &text, bool hatched, QWidget *parent) {
    auto *key = new QWidget(parent);
    auto *layout = new QHBoxLayout(key);
    layout->setContentsMargins(0, 0, scaled(4), 0);
    layout->setSpacing(scaled(6));
    layout->addWidget(new Swatch(hatched, key));
    auto *label = new QLabel(text, key);
    setTextRole(label, TextRole::Secondary);
    setInk(label, Ink::Secondary);
    layout->addWidget(label);
    return key;
}

} // namespace

NextTokenPane::NextTokenPane(QWidget *parent) : QWidget(parent) {
    setGround(this, &Theme::panel);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    auto *header = new SectionHeader(tr("Next token"), this);
    header->addControl(keyOf(tr("before"), true, header));
    header->addControl(keyOf(tr("after"), false, header));
    followed_ = new QComboBox(this);
    followed_->setAccessibleName(tr("Followed token"));
    followed_->setToolTip(tr("The token whose logit is followed here and measured at the right"));
    setTextRole(followed_, TextRole::Mono);
    followed_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    followed_->setMinimumContentsLength(7);
    header->addControl(followed_);
    each_ = new QPushButton(tr("Positions"), this);
    each_->setCheckable(true);
    each_->setAccessibleName(each_->text());
    each_->setToolTip(tr("What changes at every position of the prompt, not only behind the last"));
    header->addControl(each_);
    layout->addWidget(header);
    auto *facts = new QWidget(this);
    auto *factsLayout = new QHBoxLayout(facts);
    factsLayout->setContentsMargins(scaled(16), 0, scaled(16), scaled(4));
    factsLayout->addWidget(facts_ = new FactsRow(facts), 1);
    layout->addWidget(facts);
    pages_ = new QStackedWidget(this);
    layout->addWidget(pages_, 1);
    pages_->addWidget(chart_ = new NextTokenChart(pages_));
    table_ = new QTableView(pages_);
    positions_ = new PositionChangesModel(this);
    table_->setModel(positions_);
    table_->setHorizontalHeader(new PlainHeader(table_));
    using Changes = PositionChangesModel;
    table_->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    const QFontMetrics mono(tt::font(TextRole::Mono));
    for (const auto &[column, widest] :
         {std::pair{Changes::Position, "position"}, {Changes::Divergence, "00.000"}, {Changes::Logit, "+00.00"}}) {
        table_->horizontalHeader()->setSectionResizeMode(column, QHeaderView::Fixed);
        table_->setColumnWidth(column, mono.horizontalAdvance(QLatin1String(widest)) + scaled(16));
    }
    table_->setAccessibleName(tr("Change at each position"));
    table_->setSelectionMode(QAbstractItemView::NoSelection);
    table_->setShowGrid(false);
    table_->setFrameShape(QFrame::NoFrame);
    table_->setTabKeyNavigation(false);
    table_->setWordWrap(false);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setMinimumSectionSize(scaled(20));
    table_->verticalHeader()->setDefaultSectionSize(std::max(scaled(24), QFontMetrics(font()).height() + scaled(8)));
    pages_->addWidget(table_);
    setCandidates({});
    showFacts();
    connect(followed_, &QComboBox::activated, this, &NextTokenPane::followedChanged);
    connect(each_, &QPushButton::toggled, this, [this](bool on) {
        pages_->setCurrentIndex(on ? 1 : 0);
        Q_EMIT positionsToggled();
    });
}

void NextTokenPane::setCandidates(const std::vector<TokenCandidate> &candidates) {
    const std::optional<int32_t> kept = followed();
    const QString keptText = followed_->currentText();
    const QSignalBlocker quiet(followed_);
    followed_->clear();
    followed_->addItem(candidates.empty() ? tr("top token") : tr("top: %1").arg(shownToken(candidates.front().text)));
    for (const TokenCandidate &token : candidates)
        followed_->addItem(shownToken(token.text), token.id);
    if (!kept)
        return;
    if (followed_->findData(*kept) < 0)
        followed_->addItem(keptText, *kept);
    followed_->setCurrentIndex(followed_->findData(*kept));
}

void NextTokenPane::follow(int32_t token, const std::string &text) {
    const QSignalBlocker quiet(followed_);
    if (followed_->findData(token) < 0)
        followed_->addItem(shownToken(text), token);
    followed_->setCurrentIndex(followed_->findData(token));
}

std::optional<int32_t> NextTokenPane::followed() const {
    const QVariant id = followed_->currentData();
    return id.isValid() ? std::optional<int32_t>(id.toInt()) : std::nullopt;
}

bool NextTokenPane::showsPositions() const {
    return each_->isChecked();
}

void NextTokenPane::setOutcome(const InterventionOutcome &outcome, const std::vector<std::string> &tokens) {
    outcome_ = outcome;
    chart_->setTokens(outcome.tokens);
    positions_->setPositions(outcome.positions, tokens);
    showFacts();
}

void NextTokenPane::setForetold(std::optional<double> change) {
    foretold_ = change;
    showFacts();
}

void NextTokenPane::showFacts() {
    if (!outcome_)
        return facts_->setFacts({{.word = tr("Add an intervention to see what changes")}});
    std::vector<FactsRow::Fact> facts{{.word = tr("KL"), .figure = figure(outcome_->kl), .after = tr("nats")},
                                      {.word = tr("logit %1").arg(shownToken(outcome_->target.text)),
                                       .figure = signedFigure(outcome_->targetChange)}};
    if (foretold_)
        facts.push_back({.word = tr("graph says"), .figure = signedFigure(*foretold_)});
    facts_->setFacts(facts);
}

} // namespace tt
