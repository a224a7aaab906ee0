#include "ui/features/snapshot_bar.h"

#include "ui/figures/words.h"
#include "ui/widgets/roles.h"

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QSlider>

namespace tt {

SnapshotBar::SnapshotBar(QWidget *parent)
    : QWidget(parent), slider_(new QSlider(Qt::Horizontal, this)), text_(new QLabel(this)),
      follow_(new QCheckBox(tr("Follow the training"), this)), every_(new QComboBox(this)) {
    setGround(this, &Theme::alternate);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(scaled(16), scaled(6), scaled(16), scaled(6));
    layout->setSpacing(scaled(12));
    auto *title = new QLabel(tr("State of training"), this);
    setInk(title, Ink::Secondary);
    title->setBuddy(slider_);
    slider_->setAccessibleName(tr("State of training"));
    slider_->setToolTip(tr("Shows the features as they were after earlier steps\n←/→ one state"));
    slider_->setPageStep(1);
    follow_->setAccessibleName(follow_->text());
    follow_->setToolTip(tr("Shows the features as the run has them now, again and again; it goes on undisturbed"));
    every_->setAccessibleName(tr("Look every"));
    every_->setToolTip(tr("How often the features are read from the run; less often where reading them takes long"));
    for (const int seconds : {2, 5, 15, 60})
        every_->addItem(tr("every %1 s").arg(seconds), seconds);
    every_->setCurrentIndex(1);
    layout->addWidget(title);
    layout->addWidget(slider_, 1);
    layout->addWidget(text_);
    layout->addWidget(follow_);
    layout->addWidget(every_);
    connect(slider_, &QSlider::valueChanged, this, &SnapshotBar::moved);
    connect(follow_, &QCheckBox::toggled, this, &SnapshotBar::followChanged);
    connect(every_, &QComboBox::activated, this, &SnapshotBar::followChanged);
    follow_->hide();
    every_->hide();
    setSteps({});
}

/// By hand: following ends, and weights that are in no file are gone.
void SnapshotBar::moved() {
    follow_->setChecked(false);
    live_.reset();
    arrange(slider_->value());
    Q_EMIT stepChosen(step());
}

/// Saved states, then what was saved last, then what is in no file.
void SnapshotBar::arrange(int place) {
    const QSignalBlocker block(slider_);
    const auto last = static_cast<int>(steps_.size()) + (live_ ? 1 : 0);
    slider_->setMaximum(last);
    slider_->setValue(place);
    slider_->setEnabled(last > 0);
    showStep();
    setVisible(training_ || last > 0);
}

void SnapshotBar::setSteps(const std::vector<int64_t> &steps) {
    const qint64 shown = step();
    steps_ = steps;
    const auto saved = static_cast<int>(steps_.size());
    int place = live_ ? saved + 1 : saved;
    for (int i = 0; i < saved && !live_; ++i)
        if (steps_[static_cast<size_t>(i)] == shown)
            place = i;
    arrange(place);
}

void SnapshotBar::setLive(qint64 step) {
    live_ = step;
    arrange(static_cast<int>(steps_.size()) + 1);
}

void SnapshotBar::forgetLive() {
    if (!live_)
        return;
    live_.reset();
    arrange(static_cast<int>(steps_.size()));
}

void SnapshotBar::setTraining(bool training) {
    if (training == training_)
        return;
    training_ = training;
    follow_->setVisible(training);
    every_->setVisible(training);
    arrange(slider_->value());
}

bool SnapshotBar::follows() const {
    return training_ && follow_->isChecked();
}

int SnapshotBar::followSeconds() const {
    return every_->currentData().toInt();
}

qint64 SnapshotBar::step() const {
    const int place = slider_->value();
    return place < std::ssize(steps_) ? steps_[static_cast<size_t>(place)] : -1;
}

void SnapshotBar::showStep() {
    const QString text = live_ && slider_->value() > std::ssize(steps_) ? tr("live, after step %1").arg(count(*live_))
                         : step() < 0                                   ? tr("saved last")
                                                                        : tr("after step %1").arg(count(step()));
    text_->setText(text);
    slider_->setAccessibleDescription(text);
}

} // namespace tt
