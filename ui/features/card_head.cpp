#include "ui/features/card_head.h"

#include "ui/figures/words.h"
#include "ui/icons/icons.h"
#include "ui/widgets/roles.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace tt {

namespace {
QToolButton *flatButton(const QString &picture, const QString &name, const QString &tip, QHBoxLayout *layout,
                        QWidget *parent) {
    auto *made = new QToolButton(parent);
    made->setIcon(icon(picture));
    made->setAutoRaise(true);
    made->setAccessibleName(name);
    made->setToolTip(name + u'\n' + tip);
    layout->addWidget(made);
    return made;
}

QSpinBox *spinBox(const QString &name, const QString &tip, QHBoxLayout *layout, QWidget *parent) {
    auto *made = new QSpinBox(parent); // before its label: who looks a name up finds the field first
    auto *label = new QLabel(name, parent);
    setInk(label, Ink::Secondary);
    made->setAccessibleName(name);
    made->setToolTip(tip);
    made->setKeyboardTracking(false);
    setTextRole(made, TextRole::Mono);
    label->setBuddy(made);
    layout->addWidget(label);
    layout->addWidget(made);
    return made;
}

QLineEdit *field(const QString &name, const QString &hint, int stretch, QHBoxLayout *layout, QWidget *parent) {
    auto *made = new QLineEdit(parent);
    auto *label = new QLabel(name, parent);
    setInk(label, Ink::Secondary);
    made->setAccessibleName(name);
    made->setPlaceholderText(hint);
    label->setBuddy(made);
    layout->addWidget(label);
    layout->addWidget(made, stretch);
    return made;
}
} // namespace

CardHead::CardHead(QWidget *parent) : QWidget(parent) {
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(scaled(12), scaled(8), scaled(16), scaled(8));
    layout->setSpacing(scaled(8));
    auto *first = new QHBoxLayout, *second = new QHBoxLayout;
    for (QHBoxLayout *row : {first, second}) {
        row->setSpacing(scaled(8));
        layout->addLayout(row);
    }
    second->setContentsMargins(scaled(4), 0, 0, 0);
    buildNavigation(first);
    first->addStretch(1);
    buildActions(first);
    buildNote(second);
    save_.setSingleShot(true);
    save_.setInterval(saveMilliseconds);
    connect(&save_, &QTimer::timeout, this, &CardHead::flush);
    setReadOnly(false);
    setFeature(std::nullopt, {});
}

void CardHead::buildNavigation(QHBoxLayout *layout) {
    back_ = flatButton(QStringLiteral("chevron-left"), tr("Back"), tr("The feature before\nAlt+←"), layout, this);
    forward_ = flatButton(QStringLiteral("chevron-right"), tr("Forward"), tr("The feature after\nAlt+→"), layout, this);
    layerBox_ = spinBox(tr("Layer"), tr("The layer of the feature to show, from 0"), layout, this);
    featureBox_ = spinBox(tr("Feature"), tr("The feature to show, from 0"), layout, this);
    star_ = flatButton(QStringLiteral("star"), tr("Star"), {}, layout, this);
    star_->setCheckable(true);
    connect(back_, &QToolButton::clicked, this, &CardHead::backRequested);
    connect(forward_, &QToolButton::clicked, this, &CardHead::forwardRequested);
    connect(star_, &QToolButton::clicked, this, [this] {
        showStar();
        noteTyped();
        flush();
    });
    for (QSpinBox *box : {layerBox_, featureBox_})
        connect(box, &QSpinBox::valueChanged, this,
                [this] { Q_EMIT featureChosen(layerBox_->value(), featureBox_->value()); });
}

void CardHead::buildActions(QHBoxLayout *layout) {
    const auto button = [&](const QString &text) {
        auto *made = new QPushButton(text, this);
        made->setAccessibleName(text);
        layout->addWidget(made);
        return made;
    };
    copy_ = button(tr("Copy"));
    copy_->setToolTip(tr("Copies the card as image, text or JSON, or exports it"));
    auto *menu = new QMenu(copy_);
    menu->addAction(tr("Copy as image"), this, &CardHead::copyImageRequested);
    menu->addAction(tr("Copy as text"), this, &CardHead::copyTextRequested);
    menu->addAction(tr("Copy as JSON"), this, &CardHead::copyJsonRequested);
    menu->addSeparator();
    menu->addAction(tr("Export this feature…"), this, [this] { Q_EMIT exportRequested(); });
    menu->addAction(tr("Export all features, a file each…"), this, [this] { Q_EMIT exportAllRequested(false); });
    menu->addAction(tr("Export all features, a file a layer…"), this, [this] { Q_EMIT exportAllRequested(true); });
    copy_->setMenu(menu);
    intervene_ = button(tr("Intervene"));
    trace_ = button(tr("Trace this feature"));
    makePrimary(trace_);
    connect(intervene_, &QPushButton::clicked, this, &CardHead::interveneRequested);
    connect(trace_, &QPushButton::clicked, this, &CardHead::traceRequested);
}

void CardHead::buildNote(QHBoxLayout *layout) {
    label_ = field(tr("Label"), tr("no label"), 2, layout, this);
    layout->addSpacing(scaled(8));
    notes_ = field(tr("Notes"), QString(), 3, layout, this);
    for (QLineEdit *edit : {label_, notes_}) {
        connect(edit, &QLineEdit::textEdited, this, &CardHead::noteTyped);
        connect(edit, &QLineEdit::editingFinished, this, &CardHead::flush);
    }
}

void CardHead::setRange(int layers, int features) {
    const QSignalBlocker blockLayer(layerBox_), blockFeature(featureBox_);
    layerBox_->setMaximum(std::max(0, layers - 1));
    featureBox_->setMaximum(std::max(0, features - 1));
}

void CardHead::setFeature(std::optional<std::pair<int, int>> feature, const FeatureNote &note) {
    if (feature == feature_ && typed_)
        return; // what is being typed is newer than what was saved
    if (feature != feature_)
        flush();
    feature_ = feature;
    note_ = note;
    const QSignalBlocker blockLayer(layerBox_), blockFeature(featureBox_);
    if (feature) {
        layerBox_->setValue(feature->first);
        featureBox_->setValue(feature->second);
    }
    const auto show = [](QLineEdit *edit, const std::string &text) {
        const QString shown = QString::fromStdString(text);
        if (edit->text() == shown)
            return;
        edit->setText(shown);
        edit->setCursorPosition(0); // its beginning is what is shown of a long one
    };
    show(label_, note.label);
    show(notes_, note.notes);
    star_->setChecked(note.starred);
    showStar();
    for (QWidget *widget :
         {static_cast<QWidget *>(label_), static_cast<QWidget *>(notes_), static_cast<QWidget *>(copy_)})
        widget->setEnabled(feature.has_value());
    star_->setEnabled(feature && !readOnly_);
}

void CardHead::setReadOnly(bool readOnly) {
    readOnly_ = readOnly;
    const QString why = readOnlyReason();
    star_->setEnabled(feature_ && !readOnly);
    star_->setToolTip(tr("Star") + u'\n' + (readOnly ? why : tr("Finds it again under Starred in All features\nS")));
    label_->setToolTip(readOnly ? why : tr("What the feature means, in a few words; saved as you type\nF2"));
    notes_->setToolTip(readOnly ? why : tr("What else you found out; saved as you type"));
    for (QLineEdit *edit : {label_, notes_}) {
        edit->setReadOnly(readOnly);
        edit->setAccessibleDescription(readOnly ? why : QString());
    }
}

void CardHead::setHistory(bool back, bool forward) {
    back_->setEnabled(back);
    forward_->setEnabled(forward);
}

void CardHead::setCanTrace(bool can, const QString &why) {
    trace_->setEnabled(can);
    intervene_->setEnabled(can);
    trace_->setToolTip(can ? tr("Shows in Circuits what makes it fire\nCtrl+Return or T") : why);
    intervene_->setToolTip(can ? tr("Changes it and shows what the model says then\nI") : why);
}

void CardHead::showStar() {
    star_->setIcon(icon(star_->isChecked() ? QStringLiteral("star-filled") : QStringLiteral("star")));
}

void CardHead::noteTyped() {
    note_ = {label_->text().toStdString(), notes_->text().toStdString(), star_->isChecked()};
    typed_ = true;
    save_.start();
}

void CardHead::flush() {
    save_.stop();
    if (!std::exchange(typed_, false) || !feature_)
        return;
    const FeatureNote note = note_; // whoever hears of it may show another feature here meanwhile
    const auto [layer, feature] = *feature_;
    Q_EMIT noteEdited(layer, feature, note);
}

void CardHead::toggleStar() {
    if (star_->isEnabled())
        star_->click();
}

void CardHead::editLabel() {
    label_->setFocus(Qt::ShortcutFocusReason);
    label_->selectAll();
}

} // namespace tt
