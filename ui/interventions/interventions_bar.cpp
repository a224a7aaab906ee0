#include "ui/interventions/interventions_bar.h"

#include "ui/icons/icons.h"
#include "ui/widgets/roles.h"

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPushButton>

namespace tt {
namespace {

QString nameOf(InterventionMode mode) {
    switch (mode) {
    case InterventionMode::Free:
        return InterventionsBar::tr("Free");
    case InterventionMode::FrozenAttention:
        return InterventionsBar::tr("Frozen attention");
    case InterventionMode::Direct:
        break;
    }
    return InterventionsBar::tr("Direct");
}

QString sentenceOf(InterventionMode mode) {
    switch (mode) {
    case InterventionMode::Free:
        return InterventionsBar::tr("Everything after the change reacts to it, as in real use.");
    case InterventionMode::FrozenAttention:
        return InterventionsBar::tr("Everything reacts but where attention looks: its patterns stay.");
    case InterventionMode::Direct:
        break;
    }
    return InterventionsBar::tr("Attention, norm scales and later MLPs stay: what the graph's edges say.");
}

} // namespace

InterventionsBar::InterventionsBar(QWidget *parent) : QWidget(parent) {
    setGround(this, &Theme::alternate);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(scaled(16), scaled(8), scaled(16), scaled(8));
    layout->setSpacing(scaled(8));
    auto *title = new QLabel(tr("Interventions"), this);
    setTextRole(title, TextRole::SectionTitle);
    layout->addWidget(title);
    const auto button = [&](const QString &text, const QString &tip) {
        auto *made = new QPushButton(text, this);
        made->setAccessibleName(text);
        made->setToolTip(tip);
        layout->addWidget(made);
        return made;
    };
    QPushButton *add =
        button(tr("Add intervention"), tr("Adds a row with the strongest feature at the chosen token\nRight-click a "
                                          "feature in Features or Circuits to bring that one"));
    add->setIcon(icon(QStringLiteral("plus")));
    connect(add, &QPushButton::clicked, this, &InterventionsBar::addRequested);
    clear_ = button(tr("Clear"), tr("Removes all rows; Ctrl+Z brings them back"));
    connect(clear_, &QPushButton::clicked, this, &InterventionsBar::clearRequested);
    export_ = button(tr("Export…"), tr("Writes the rows as JSON or CSV\nCtrl+E"));
    export_->setAccessibleName(tr("Export interventions…"));
    connect(export_, &QPushButton::clicked, this, &InterventionsBar::exportRequested);
    QPushButton *demonstrations =
        button(tr("Demonstrations"),
               tr("Finds a feature behind a word in this model and forces it where the word does not belong"));
    demonstrations_ = new QMenu(demonstrations);
    connect(demonstrations, &QPushButton::clicked, this, [this, demonstrations] {
        demonstrations_->popup(demonstrations->mapToGlobal(QPoint(0, demonstrations->height())));
    });
    layout->addStretch(1);
    auto *label = new QLabel(tr("Mode"), this);
    setInk(label, Ink::Secondary);
    layout->addWidget(label);
    auto *group = new QButtonGroup(this);
    for (const auto mode : {InterventionMode::Free, InterventionMode::FrozenAttention, InterventionMode::Direct}) {
        QPushButton *made = button(nameOf(mode), sentenceOf(mode));
        made->setCheckable(true);
        group->addButton(made, static_cast<int>(mode));
        modes_.at(static_cast<size_t>(mode)) = made;
    }
    connect(group, &QButtonGroup::idClicked, this, [this](int id) {
        mode_ = static_cast<InterventionMode>(id);
        showMode();
        Q_EMIT modeChosen(mode_);
    });
    sentence_ = new QLabel(this);
    sentence_->setWordWrap(true);
    sentence_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    sentence_->setFixedHeight(2 * QFontMetrics(tt::font(TextRole::Secondary)).lineSpacing());
    setTextRole(sentence_, TextRole::Secondary);
    setInk(sentence_, Ink::Secondary);
    layout->addWidget(sentence_, 8);
    showMode();
    setHasRows(false);
}

void InterventionsBar::setDemonstrations(const QStringList &names) {
    QMenu &menu = *demonstrations_;
    menu.clear();
    for (int i = 0; i < names.size(); ++i)
        connect(menu.addAction(names[i]), &QAction::triggered, this, [this, i] { Q_EMIT demonstrationRequested(i); });
}

/// In a narrow window the sentence gives way; the buttons' tooltips say it too.
void InterventionsBar::resizeEvent(QResizeEvent *event) {
    QWidget::resizeEvent(event);
    const int needed = QFontMetrics(tt::font(TextRole::Secondary)).horizontalAdvance(sentence_->text()) * 6 / 10;
    sentence_->setVisible(width() - modes_.back()->geometry().right() > needed);
}

void InterventionsBar::setMode(InterventionMode mode) {
    mode_ = mode;
    showMode();
}

void InterventionsBar::showMode() {
    modes_.at(static_cast<size_t>(mode_))->setChecked(true);
    sentence_->setText(sentenceOf(mode_));
}

void InterventionsBar::setHasRows(bool has) {
    clear_->setEnabled(has);
    export_->setEnabled(has);
}

} // namespace tt
