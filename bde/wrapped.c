/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening wrapped keys; see wrapped.h. */
#include "bde/wrapped.h"

#include <errno.h>

#include "crypto/crypto.h"

_Static_assert((int)DATUM_CCM_KEY_SIZE == (int)CRYPTO_CCM_KEY_SIZE &&
		       (int)DATUM_CCM_NONCE_SIZE == (int)CRYPTO_CCM_NONCE_SIZE &&
		       (int)DATUM_CCM_TAG_SIZE == (int)CRYPTO_CCM_TAG_SIZE,
	       "a datum is opened as it is");

int wrapped_open(const struct datum_ccm *ccm, const uint8_t key[DATUM_CCM_KEY_SIZE],
		 struct secret **ret_key, uint16_t *ret_method)
{
	struct secret *plain CLEANUP(secret_free) = NULL;
	struct datum datum;
	struct datum_key inner;
	struct cursor list;
	int result;

	plain = secret_new(ccm->size);
	if (!plain)
		return -ENOMEM;
	result = crypto_ccm_open(key, ccm->nonce, ccm->tag, ccm->data, ccm->size,
				 secret_data(plain));
	if (result < 0)
		return result;
	list = cursor_make(secret_bytes(plain), secret_size(plain));
	if (datum_next(&list, &datum) <= 0 || datum.type != DATUM_KEY ||
	    !datum_read_key(&datum, &inner))
		return -EINVAL;
	*ret_key = secret_copy(inner.key, inner.size);
	if (!*ret_key)
		return -ENOMEM;
	if (ret_method)
		*ret_method = inner.method;
	return 0;
}
