#include "ui/interventions/interventions_place.h"

#include "ui/figures/stale_veil.h"
#include "ui/icons/icons.h"
#include "ui/interventions/effects_pane.h"
#include "ui/interventions/interventions_bar.h"
#include "ui/interventions/interventions_table.h"
#include "ui/interventions/next_token_pane.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QShortcut>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

// How the place is put together; what it does is in interventions_place.cpp.

namespace tt {

QString InterventionsPlace::nameOf(const Demonstration &demonstration) {
    return tr("Force “%1 →%2” after “%3”")
        .arg(QString::fromStdString(demonstration.source), QString::fromStdString(demonstration.target),
             QString::fromStdString(demonstration.prompt));
}

InterventionsPlace::InterventionsPlace(QWidget *parent) : QWidget(parent) {
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    pages_ = new QStackedWidget(this);
    layout->addWidget(pages_);
    pages_->addWidget(empty_ = new EmptyState(this));
    pages_->addWidget(makeContent());
    connectParts();
    connect(new QShortcut(QKeySequence(tr("Ctrl+E")), this, nullptr, nullptr, Qt::WidgetWithChildrenShortcut),
            &QShortcut::activated, this, &InterventionsPlace::exportList);
    updatePages();
    takeRows({});
}

QWidget *InterventionsPlace::makeContent() {
    auto *content = new QWidget(this);
    auto *layout = new QVBoxLayout(content);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(bar_ = new InterventionsBar(content));
    layout->addWidget(horizontalLine(content));
    layout->addWidget(message_ = new MessageBar(content));
    layout->addWidget(staleNotice_ = makeStaleNotice());
    auto *body = new QWidget(content);
    layout->addWidget(body, 1);
    auto *column = new QVBoxLayout(body);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(makeRows());
    column->addWidget(horizontalLine(body));
    auto *middle = new QSplitter(Qt::Horizontal, body);
    middle->setObjectName(QStringLiteral("interventionsSplitter"));
    middle->setChildrenCollapsible(false);
    middle->addWidget(next_ = new NextTokenPane(middle));
    middle->addWidget(effects_ = new EffectsPane(middle));
    middle->setSizes({scaled(568), scaled(616)});
    auto *halves = new QSplitter(Qt::Vertical, body);
    halves->setObjectName(QStringLiteral("interventionsHalves"));
    halves->setChildrenCollapsible(false);
    halves->addWidget(middle);
    halves->addWidget(texts_ = new TextsPane(halves));
    halves->setStretchFactor(0, 3);
    halves->setStretchFactor(1, 1);
    halves->setSizes({scaled(312), scaled(176)});
    column->addWidget(halves, 1);
    veil_ = new StaleVeil(body);
    return content;
}

QWidget *InterventionsPlace::makeStaleNotice() {
    auto *notice = new QWidget(this);
    setGround(notice, &Theme::warningGround);
    auto *layout = new QHBoxLayout(notice);
    layout->setContentsMargins(scaled(16), scaled(4), scaled(16), scaled(4));
    layout->setSpacing(scaled(8));
    auto *sign = new QLabel(notice);
    sign->setPixmap(iconPixmap(QStringLiteral("warning"), Ink::Warning, scaled(16), devicePixelRatioF()));
    auto *text = new QLabel(tr("Made for another prompt, whose positions the rows count in"), notice);
    setInk(text, Ink::Warning);
    layout->addWidget(sign);
    layout->addWidget(text);
    layout->addStretch(1);
    const auto button = [&](const QString &name, const QString &tip, auto does) {
        auto *made = new QPushButton(name, notice);
        made->setAccessibleName(name);
        made->setToolTip(tip);
        connect(made, &QPushButton::clicked, this, does);
        layout->addWidget(made);
    };
    button(tr("Back to its prompt"), tr("Types the prompt that the rows were made for"),
           [this] { Q_EMIT promptWanted(QString::fromStdString(listPrompt_)); });
    button(
        tr("Use them here"),
        tr("Keeps the positions that this prompt has; a row left without one acts on the last\nCtrl+Z takes it back"),
        [this] { adapt(); });
    notice->hide();
    return notice;
}

QWidget *InterventionsPlace::makeRows() {
    rows_ = new QStackedWidget(this);
    setGround(rows_, &Theme::panel);
    noRows_ = new QWidget(rows_);
    auto *layout = new QHBoxLayout(noRows_);
    layout->setContentsMargins(scaled(16), scaled(8), scaled(16), scaled(8));
    layout->setSpacing(scaled(8));
    auto *text =
        new QLabel(tr("No intervention yet. Add one, right-click a feature in Features or Circuits, or:"), noRows_);
    text->setWordWrap(true);
    setInk(text, Ink::Secondary);
    layout->addWidget(text, 1);
    QStringList names;
    for (size_t i = 0; i < demonstrations_.size(); ++i) {
        names << nameOf(demonstrations_[i]);
        auto *button = new QPushButton(names.last(), noRows_);
        button->setAccessibleName(names.last());
        button->setToolTip(tr("Finds in this model the feature behind the word and forces it where the word does not "
                              "belong"));
        connect(button, &QPushButton::clicked, this, [this, i] { Q_EMIT demonstrationRequested(demonstrations_[i]); });
        layout->addWidget(button);
    }
    bar_->setDemonstrations(names);
    rows_->addWidget(noRows_);
    rows_->addWidget(table_ = new InterventionsTable(model_, rows_));
    return rows_;
}

void InterventionsPlace::connectParts() {
    connect(empty_, &EmptyState::primaryRequested, this, &InterventionsPlace::goToTrain);
    connect(message_, &MessageBar::actionRequested, this, &InterventionsPlace::messageAction);
    connect(bar_, &InterventionsBar::addRequested, this, &InterventionsPlace::addIntervention);
    connect(bar_, &InterventionsBar::clearRequested, this, [this] { change(tr("clear"), {}); });
    connect(bar_, &InterventionsBar::exportRequested, this, &InterventionsPlace::exportList);
    connect(bar_, &InterventionsBar::demonstrationRequested, this,
            [this](int index) { Q_EMIT demonstrationRequested(demonstrations_[static_cast<size_t>(index)]); });
    connect(bar_, &InterventionsBar::modeChosen, this, [this] {
        evaluate();
        texts_->setStale(true);
        Q_EMIT listChanged(list());
    });
    connect(&model_, &InterventionsModel::editRequested, this, [this](int row, int column, const Intervention &edited) {
        std::vector<Intervention> rows = model_.rows();
        rows[static_cast<size_t>(row)] = edited;
        change(tr("edit of row %1").arg(row + 1), rows, row * InterventionsModel::Columns + column);
    });
    connect(table_, &InterventionsTable::removeRequested, this, &InterventionsPlace::removeRow);
    connect(table_, &InterventionsTable::rowSelected, this, [this](int row) {
        if (row >= 0)
            Q_EMIT featureChosen(model_.rows()[static_cast<size_t>(row)].layer,
                                 model_.rows()[static_cast<size_t>(row)].feature);
    });
    connect(next_, &NextTokenPane::followedChanged, this, [this] {
        evaluate();
        measure();
    });
    connect(next_, &NextTokenPane::positionsToggled, this, &InterventionsPlace::evaluate);
    connect(effects_, &EffectsPane::foretoldChanged, this, &InterventionsPlace::showForetold);
    connect(effects_, &EffectsPane::effectChosen, this,
            [this](const FeatureEffect &effect) { Q_EMIT featureChosen(effect.layer, effect.feature); });
    connect(effects_, &EffectsPane::interveneRequested, this, [this](const FeatureEffect &effect) {
        addFeatures({{.position = effect.position,
                      .layer = effect.layer,
                      .feature = effect.feature,
                      .activation = static_cast<float>(effect.activation)}},
                    InterventionAction::Ablate);
    });
    connect(texts_, &TextsPane::runRequested, this, &InterventionsPlace::run);
    connect(texts_, &TextsPane::stopRequested, this, &InterventionsPlace::stopRequested);
}

} // namespace tt
