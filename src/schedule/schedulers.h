#ifndef NASMITH_SCHEDULE_SCHEDULERS_H
#define NASMITH_SCHEDULE_SCHEDULERS_H

#include "nasmith/schedule.h"

extern const nas_scheduler_ops nas_scheduler_asha;
extern const nas_scheduler_ops nas_scheduler_none;

#endif
